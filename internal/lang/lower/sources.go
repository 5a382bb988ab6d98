package lower

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// source is a source while it is compiled. columns holds places in the list of the plan, those of
// computed columns from the moment they are compiled.
type source struct {
	decl    *ast.Source
	plan    *plan.Source
	columns map[string]int
	local   map[string]bool // timestamps without a zone in the files
	// unknown is true if the stored columns are not known: names are not checked then.
	unknown bool
}

// The defaults of sources. The clocks of senders are seldom more than some minutes ahead; ids are
// remembered for a day, so that a batch sent again after an outage counts once.
const (
	defaultMaxFuture = 5 * schema.Minute
	defaultDedup     = 24 * schema.Hour
)

// source compiles a source, its checks last but one: they may read computed columns.
func (c *compiler) source(s *source) {
	decl, p := s.decl, s.plan
	// The order matters: event time, sequence, id and key are read from the files, so they are
	// settled before computed columns have names.
	for _, path := range decl.Paths {
		p.Paths = append(p.Paths, path.Text)
	}
	p.Format, p.Push, p.Cutover = decl.Format.Text, decl.Push, decl.Cutover
	p.MaxFuture = given(decl.MaxFuture, defaultMaxFuture)
	p.Dedup = given(decl.Dedup, defaultDedup)
	p.Heartbeat, p.Retention = given(decl.Heartbeat, 0), given(decl.Retention, 0)
	if decl.Mode.Text == "table" {
		p.Mode, p.Edge = plan.Table, plan.At
	}
	p.Edge = edge(decl.Edge, p.Edge)
	c.storedColumns(s)
	c.eventTime(s)
	p.Sequence = c.columnOf(s, decl.Sequence, "sequence")
	p.ID = c.columnOf(s, decl.ID, "id")
	c.tableKey(s)
	c.sourceExpressions(s)
	c.corrections(s)
	p.Checks = c.sourceChecks(s)
	c.feedRules(s)
}

// edge reads before or at. Anything else gives otherwise: it was left out, or refused by the
// parser.
func edge(w ast.Word, otherwise plan.Edge) plan.Edge {
	switch w.Text {
	case "before":
		return plan.Before
	case "at":
		return plan.At
	}
	return otherwise
}

// storedColumns finds the columns of a source: its fields, else those of its files. Declared fields
// win, so that such a source compiles where its files are not.
func (c *compiler) storedColumns(s *source) {
	s.columns, s.local = map[string]int{}, map[string]bool{}
	if s.decl.Fields != nil || len(s.decl.Paths) == 0 {
		c.declaredColumns(s)
		return
	}
	at := s.decl.Paths[0].At
	if w := jsonLines(s.decl); w != nil {
		c.fail(w.At, diag.MissingField, "the source "+s.plan.Name+" reads JSON lines and has no fields",
			"JSON lines have no header: declare fields: {name: type}")
		s.unknown = true
		return
	}
	files := SourceFiles{Name: s.plan.Name, Paths: s.plan.Paths, Format: s.plan.Format}
	var columns []Column
	var err error
	if c.columns != nil {
		columns, err = c.columns(files)
	}
	switch {
	case err != nil:
		c.fail(at, diag.SourceFilesFailed, "the columns of "+s.plan.Name+" could not be read: "+
			err.Error(),
			"check the path, or declare fields:")
		s.unknown = true
	case columns == nil:
		// A warning only, because definitions are also compiled where the files are not.
		c.report.Warn(at, diag.ColumnsNotChecked, "columns of "+s.plan.Name+" not checked",
			"run fettle lint --pin where the files are, or declare fields:")
		s.unknown, s.plan.Unchecked = true, true
	default:
		c.pinned = append(c.pinned, PinnedSource{Name: s.plan.Name, Files: files, Columns: columns})
		for _, column := range columns {
			s.add(column.Name, column.Type, nil)
			if column.Local {
				s.local[column.Name] = true
			}
		}
		c.mixedColumns(at, columns)
	}
}

// mixedColumns warns about columns that one cell turned into text: what reads them as numbers or
// times fails, and only this says where to look. One warning names them all.
func (c *compiler) mixedColumns(at diag.Position, columns []Column) {
	var notes []string
	for _, column := range columns {
		if column.Note != "" {
			notes = append(notes, column.Name+" ("+column.Note+")")
		}
	}
	if len(notes) > 0 {
		c.report.Warn(at, diag.MixedColumn, "read as text: "+strings.Join(notes, ", "),
			"mend the cells, or declare the types in fields:")
	}
}

// jsonLines returns what says that a source reads JSON lines: its format, or else one of its paths;
// nil if nothing does. A pattern that does not tell is left to who finds the files.
func jsonLines(decl *ast.Source) *ast.Word {
	switch decl.Format.Text {
	case "jsonl":
		return &decl.Format
	case "":
	default:
		return nil
	}
	for i := range decl.Paths {
		name := strings.ToLower(decl.Paths[i].Text)
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
		if strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson") {
			return &decl.Paths[i]
		}
	}
	return nil
}

// declaredColumns takes the columns from fields:.
func (c *compiler) declaredColumns(s *source) {
	if s.decl.Fields == nil {
		if s.decl.Push {
			c.fail(s.decl.Name.At, diag.MissingField, "the source "+s.plan.Name+" has no fields",
				"a source without files declares fields: {name: type}")
		}
		s.unknown = true
		return
	}
	for _, field := range s.decl.Fields {
		t, err := schema.ParseType(field.Type.Text)
		if err != nil && field.Type.Text != "" {
			c.fail(field.Type.At, diag.BadType, "the field "+field.Name.Text+": "+err.Error(),
				diag.DidYouMean(field.Type.Text, typeNames, "types are "+strings.Join(typeNames, ", ")))
		}
		if err != nil {
			s.unknown = true
			continue
		}
		s.add(field.Name.Text, t, nil)
	}
}

// typeNames are types as they are written, for hints; those with a parameter by an example.
var typeNames = []string{
	"bool", "int64", "float64", "decimal(2)", "string", "bytes", "timestamp", "date", "duration",
	"json", "vector(3)", "list<string>", "map<string>",
}

// add appends a column. Of two columns of one name in a file the first is kept. e is nil for stored
// columns. Expressions keep the place of a column, so the list only grows.
func (s *source) add(name string, t schema.Type, e *plan.Expr) {
	if _, twice := s.columns[name]; twice {
		return
	}
	s.columns[name] = len(s.plan.Columns)
	s.plan.Columns = append(s.plan.Columns, plan.Column{Name: name, Type: t, Expr: e})
}

// columnOf finds a stored column that a rule names; -1 if it names none. The result is -1 after an
// error too. These columns are compared, so their type needs an order.
func (c *compiler) columnOf(s *source, w ast.Word, what string) int {
	if w.Text == "" {
		return -1
	}
	index, found := s.columns[w.Text]
	if !found {
		for _, computed := range s.decl.Columns {
			if computed.Name.Text == w.Text {
				c.fail(w.At, diag.BadSource, what+" is read from the files, and "+w.Text+" is a computed column",
					"name a column of the files, or prepare the files")
				return -1
			}
		}
		if !s.unknown {
			c.fail(w.At, diag.UnknownColumn, what+": the source "+s.plan.Name+" has no column "+w.Text,
				diag.DidYouMean(w.Text, keys(s.columns), "its columns are "+shortList(keys(s.columns))))
		}
		return -1
	}
	if t := s.plan.Columns[index].Type; !t.Ordered() {
		c.fail(w.At, diag.BadSource, what+" cannot be the column "+w.Text+" of type "+t.String(), "")
		return -1
	}
	return index
}

// shortList names some of many. For hints only, because what is left out cannot be seen.
func shortList(names []string) string {
	// A longer list would hide the message it belongs to.
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", .."
	}
	return strings.Join(names, ", ")
}

// units are the lengths of a unit in microseconds. ns is shorter than one, and so not here.
var units = map[string]int64{
	"s": schema.Second, "ms": schema.Millisecond, "us": schema.Microsecond,
}

// eventTime settles which column is the event time and how zone-less times are read. ZoneColumn is
// -1 for none, while Column is never negative.
func (c *compiler) eventTime(s *source) {
	decl, rule := s.decl.EventTime, &s.plan.EventTime
	rule.ZoneColumn = -1
	if decl.Timezone.Text != "" && c.zone(decl.Timezone) {
		rule.Zone = decl.Timezone.Text
	}
	rule.ZoneColumn = c.columnOf(s, decl.ZoneColumn, "timezone")
	rule.Column = c.columnOf(s, decl.Column, "event_time")
	zoned := decl.Timezone.Text != "" || decl.ZoneColumn.Text != ""
	if rule.ZoneColumn >= 0 && s.plan.Columns[rule.ZoneColumn].Type.Kind != schema.String {
		c.fail(decl.ZoneColumn.At, diag.EventTimeType, "the column of zones "+decl.ZoneColumn.Text+
			" is not a string", "")
	}
	if rule.Column < 0 {
		// It was refused, or the columns are not known; nothing is computed from such a plan, but
		// readers may look at the column.
		rule.Column = 0
		return
	}
	c.eventTimeType(s)
	if zoned {
		return
	}
	// The zone is for all times of the file without one, so any such column asks for it.
	for _, column := range s.plan.Columns {
		if s.local[column.Name] {
			c.fail(decl.At, diag.ZoneNeeded, "the times in "+column.Name+" have no zone",
				"write event_time: {column: "+decl.Column.Text+", timezone: UTC}, or the zone they are in")
			return
		}
	}
}

// eventTimeType checks the type of the event time and its unit. A unit is not guessed from the size
// of the numbers, since a guess fails for times near 1970.
func (c *compiler) eventTimeType(s *source) {
	decl, rule := s.decl.EventTime, &s.plan.EventTime
	column := s.plan.Columns[rule.Column]
	switch column.Type.Kind {
	case schema.Timestamp, schema.Date:
		if decl.Unit.Text != "" {
			c.fail(decl.Unit.At, diag.EventTimeType, "the column "+column.Name+" is "+
				check.Article(column.Type)+
				" and has no unit", "remove unit")
		}
		if column.Type.Kind == schema.Date && decl.Timezone.Text == "" && decl.ZoneColumn.Text == "" {
			c.fail(decl.At, diag.ZoneNeeded, "the dates in "+column.Name+
				" need a zone whose midnight they are",
				"write event_time: {column: "+column.Name+", timezone: UTC}")
		}
	case schema.Int64:
		if decl.Unit.Text == "" {
			c.fail(decl.Column.At, diag.EventTimeType, "the column "+column.Name+
				" is an int64 and needs a unit",
				"write event_time: {column: "+column.Name+", unit: s}, or ms, us, ns")
		}
		rule.Unit = units[decl.Unit.Text]
		if decl.Unit.Text == "ns" {
			rule.Unit = nanoseconds
		}
	default:
		c.fail(decl.Column.At, diag.EventTimeType, "the column "+column.Name+" is "+
			check.Article(column.Type)+
			" and cannot be the event time", "it must be a timestamp, a date, or an int64 with a unit")
	}
}

// nanoseconds stands for the unit ns, which is less than one microsecond.
const nanoseconds = -1000

// tableKey settles the key of a table, and refuses what only tables have elsewhere.
func (c *compiler) tableKey(s *source) {
	decl := s.decl
	if s.plan.Mode != plan.Table {
		if len(decl.Key) > 0 {
			c.fail(decl.Key[0].At, diag.BadSource, "only a table has a key",
				"add mode: table, or remove key")
		}
		if !decl.DeleteWhen.Missing() {
			c.fail(decl.DeleteWhen.At, diag.BadSource, "only a table has delete_when",
				"add mode: table, or remove it")
		}
		return
	}
	if len(decl.Key) == 0 {
		c.fail(decl.Name.At, diag.MissingField, "the table "+s.plan.Name+" has no key",
			"add key: with the columns that identify a row")
	}
	for _, w := range decl.Key {
		if index := c.columnOf(s, w, "key"); index >= 0 {
			s.plan.Key = append(s.plan.Key, index)
		}
	}
}

// sourceExpressions compiles the computed columns, filters and the rule of availability. A computed
// column reads those before it only, so they cannot form a circle.
func (c *compiler) sourceExpressions(s *source) {
	decl := s.decl
	for _, column := range decl.Columns {
		e := c.checker(&eventScope{c: c, source: s}).Expr(column.Value.Expr)
		switch {
		case e == nil:
			// A name that is not found from here on may be this column's.
			s.unknown = true
		case !e.Type.Settled():
			c.fail(column.Value.At, diag.TypeMismatch, "the column "+column.Name.Text+
				" is null without a type",
				"write cast(null as float64)")
		default:
			if _, twice := s.columns[column.Name.Text]; twice {
				c.fail(column.Name.At, diag.DuplicateName, "the source has a column "+column.Name.Text+
					" already",
					"rename the computed one")
				continue
			}
			s.add(column.Name.Text, e.Type, e)
		}
	}
	condition := func(e ast.Expression, what string) *plan.Expr {
		return c.checker(&eventScope{c: c, source: s}).Bool(e.Expr, what)
	}
	s.plan.Where = condition(decl.Where, "where")
	s.plan.DeleteWhen = condition(decl.DeleteWhen, "delete_when")
	// Only availability may depend on when an event came: a value that did would differ between a
	// live event and the same one read from a file.
	scope := &eventScope{c: c, source: s, received: true}
	s.plan.Available = c.checker(scope).OfType(decl.Available.Expr, schema.Of(schema.Timestamp),
		"available")
}

// feedRules checks what a live feed needs. Warnings here are about values that would differ between
// the feed and a later replay.
func (c *compiler) feedRules(s *source) {
	decl := s.decl
	if decl.Push && len(decl.Paths) > 0 && decl.ID.Text == "" {
		c.fail(decl.Name.At, diag.BadSource, "the source "+s.plan.Name+
			" has files and a live feed, so an event could count twice",
			"add id: with the column that identifies an event; cutover: does not do, it is not followed yet")
	}
	if !decl.Push || s.plan.Available == nil {
		return
	}
	reads := false
	s.plan.Available.Walk(func(e *plan.Expr) { reads = reads || e.Op == plan.ReceivedAt })
	if !reads {
		c.report.Warn(decl.Available.At, diag.IgnoresReceipt,
			"available does not read received_at, so a late live event counts as known before it came",
			"write greatest("+decl.Available.Text+", received_at)")
	}
}
