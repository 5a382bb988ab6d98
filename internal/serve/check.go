package serve

import (
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// check refuses rows that do not fit the query.
func (s *Server) check(q *Query, rows Rows) error {
	switch {
	case rows.Count < 0 || rows.Count > s.options.MaxRows:
		return &InvalidError{
			Message: fmt.Sprintf("%d rows are asked for, at most %d are answered at once", rows.Count, s.options.MaxRows),
			Hint:    "ask in several requests",
		}
	case rows.AsOf == nil && rows.Served:
		// Without as_of the answer is as served anyway.
	case rows.AsOf != nil && !schema.ValidTime(*rows.AsOf):
		return &InvalidError{Field: "as_of", Message: "as_of is outside the years 1900 to 2200"}
	}
	if rows.MaxAge < 0 {
		return &InvalidError{Field: "max_age", Message: "max_age is negative", Hint: "give a duration such as 1h"}
	}
	if len(rows.Keys) != len(q.Roles) {
		return &InvalidError{Message: fmt.Sprintf("keys of %d entities are given, %d are needed",
			len(rows.Keys), len(q.Roles))}
	}
	for i, role := range q.Roles {
		if len(rows.Keys[i]) != len(role.Entity.Key) {
			return &InvalidError{Message: fmt.Sprintf("entity %s has %d key columns, %d are given",
				role.Name, len(role.Entity.Key), len(rows.Keys[i]))}
		}
		for k, field := range role.Entity.Key {
			named := schema.Field{Name: role.Key[k], Type: field.Type}
			if err := checkColumn(named, rows.Keys[i][k], rows.Count); err != nil {
				return err
			}
		}
	}
	return q.checkRequest(rows)
}

// checkRequest refuses request fields that are missing, and those that no feature reads: they are
// misspelt, or the caller expects something of them that does not happen.
func (q *Query) checkRequest(rows Rows) error {
	var names []string
	for _, field := range q.Request {
		names = append(names, field.Name)
		column := rows.Request[field.Name]
		if column == nil {
			return &InvalidError{
				Field:   field.Name,
				Message: fmt.Sprintf("request field %s is missing", field.Name),
				Hint:    fmt.Sprintf("%s reads it; send a %s", q.Needed[field.Name], field.Type),
			}
		}
		if err := checkColumn(field, column, rows.Count); err != nil {
			return err
		}
	}
	if len(rows.Request) == len(names) {
		return nil
	}
	var odd []string
	for name := range rows.Request {
		if !slices.Contains(names, name) {
			odd = append(odd, name)
		}
	}
	slices.Sort(odd)
	return unknownField(odd[0], names)
}

// unknownField refuses a request field that nothing reads.
func unknownField(name string, known []string) error {
	hint := "no feature that is asked for reads the request"
	if near := schema.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if len(known) > 0 {
		hint = fmt.Sprintf("the features read %v", known)
	}
	return &InvalidError{Field: name, Message: fmt.Sprintf("unknown request field %q", name), Hint: hint}
}

func checkColumn(field schema.Field, c *batch.Column, rows int) error {
	switch {
	case c == nil:
		return &InvalidError{Field: field.Name, Message: fmt.Sprintf("%s is missing", field.Name),
			Hint: fmt.Sprintf("send a %s", field.Type)}
	case !c.Type.Equal(field.Type):
		return &InvalidError{Field: field.Name,
			Message: fmt.Sprintf("%s is a %s, not a %s", field.Name, field.Type, c.Type)}
	case c.Length != rows:
		return &InvalidError{Field: field.Name,
			Message: fmt.Sprintf("%s has %d rows, the request has %d", field.Name, c.Length, rows)}
	}
	return nil
}
