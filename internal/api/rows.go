package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// input is one value of a request that the features read: a key column or a request field.
type input struct {
	field schema.Field
	raw   []byte
	cells *wire.Cells
}

// fill types the keys and request fields of a request into rows. It reports whether the request is
// columnar: then all arrays have one length, and scalars stand for as many rows.
func fill(query *serve.Query, request *wire.FeaturesRequest, rows *serve.Rows) (columnar bool, err error) {
	keys, fields := keysOf(query), query.Request
	if err := known("entities", request.Entities, keys, fields); err != nil {
		return false, err
	}
	if err := known("request", request.Request, fields, keys); err != nil {
		return false, err
	}
	// Keys come first: place tells the two apart by their number.
	inputs := make([]input, 0, len(keys)+len(fields))
	for _, field := range keys {
		raw := request.Entities.Get(field.Name)
		if raw == nil {
			return false, invalid(field.Name, "the key column "+field.Name+" is missing",
				fmt.Sprintf("send a %s under entities", field.Type))
		}
		inputs = append(inputs, input{field: field, raw: raw})
	}
	for _, field := range fields {
		raw := request.Request.Get(field.Name)
		if raw == nil {
			return false, invalid(field.Name, fmt.Sprintf("request field %s is missing", field.Name),
				fmt.Sprintf("%s reads it; send a %s under request", query.Needed[field.Name], field.Type))
		}
		inputs = append(inputs, input{field: field, raw: raw})
	}
	if columnar, rows.Count, err = read(inputs, request.Text); err != nil {
		return false, err
	}
	place(query, inputs, len(keys), rows)
	return columnar, nil
}

// keysOf lists the key columns of all roles, each name once: two roles may share one.
func keysOf(query *serve.Query) []schema.Field {
	var keys []schema.Field
	for _, role := range query.Roles {
		for i, name := range role.Key {
			if !slices.ContainsFunc(keys, func(f schema.Field) bool { return f.Name == name }) {
				keys = append(keys, schema.Field{Name: name, Type: role.Entity.Key[i].Type})
			}
		}
	}
	return keys
}

// known refuses members that nothing reads: a misspelt one would be missed without a word. others are
// what belongs to the other part of the request.
func known(part string, given wire.Object, fields, others []schema.Field) error {
	named := func(all []schema.Field) []string {
		var names []string
		for _, f := range all {
			names = append(names, f.Name)
		}
		return names
	}
	names := named(fields)
	for _, member := range given {
		if slices.Contains(names, member.Name) {
			continue
		}
		name := cut(member.Name)
		hint := "nothing that is asked for reads any"
		switch near := schema.Nearest(member.Name, names); {
		case slices.Contains(named(others), member.Name) && part == "request":
			hint = "it is a key: send it under entities"
		case slices.Contains(named(others), member.Name):
			hint = "it is a request field: send it under request"
		case near != "":
			hint = "did you mean " + near + "?"
		case len(names) > 0:
			hint = "there is " + strings.Join(names, ", ")
		}
		return invalid(part+"."+name, fmt.Sprintf("there is no %q under %s", name, part), hint)
	}
	return nil
}

// read types all inputs and finds how many rows they are.
func read(inputs []input, text bool) (columnar bool, count int, err error) {
	count = 1
	first := ""
	for i := range inputs {
		in := &inputs[i]
		if text {
			in.cells, err = typed(in.field, in.raw)
		} else {
			in.cells, err = wire.ReadCells(in.raw, in.field)
		}
		if err != nil {
			return false, 0, err
		}
		if !in.cells.List {
			continue
		}
		if length := in.cells.Column.Length; columnar && length != count {
			return false, 0, invalid(in.field.Name, fmt.Sprintf("%s has %d values and %s has %d", in.field.Name,
				length, first, count), "send arrays of one length; a single value stands for all rows")
		}
		columnar, count, first = true, in.cells.Column.Length, in.field.Name
	}
	return columnar, count, nil
}

// place puts the columns where the query looks for them.
func place(query *serve.Query, inputs []input, keys int, rows *serve.Rows) {
	for _, role := range query.Roles {
		columns := make([]*batch.Column, len(role.Key))
		for i, name := range role.Key {
			at := slices.IndexFunc(inputs[:keys], func(in input) bool { return in.field.Name == name })
			columns[i] = inputs[at].cells.Rows(rows.Count)
		}
		rows.Keys = append(rows.Keys, columns)
	}
	rows.Request = make(map[string]*batch.Column, len(inputs)-keys)
	for _, in := range inputs[keys:] {
		rows.Request[in.field.Name] = in.cells.Rows(rows.Count)
	}
}

// typed reads a value in the notation of the command line, or an array of such.
func typed(field schema.Field, raw []byte) (*wire.Cells, error) {
	texts, err := wire.ReadCells(raw, schema.Field{Name: field.Name, Type: schema.Of(schema.String)})
	if err != nil {
		return nil, err
	}
	builder := batch.NewBuilder(field.Type)
	for i := range texts.Column.Length {
		if texts.Column.IsNull(i) {
			builder.Append(schema.NullOf(field.Type))
			continue
		}
		text := texts.Column.Text(i)
		value, err := lang.ParseValue(text, field.Type)
		if err != nil {
			e := &wire.Error{Code: wire.InvalidArgument, Field: field.Name,
				Message: fmt.Sprintf("%s cannot be %q: %v", field.Name, cut(text), err)}
			if texts.List {
				e.Row = int64(i + 1)
			}
			return nil, e
		}
		builder.Append(value)
	}
	return &wire.Cells{Column: builder.Column(), List: texts.List}, nil
}
