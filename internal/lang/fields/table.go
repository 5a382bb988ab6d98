package fields

// objects is the table. It is read and never changed.
var objects = [...]Object{
	{What: "a project", Doc: "The project: fettle.yaml at its root.", Fields: []Field{
		{Name: "project", Shape: Name, Required: true, Doc: "The project's name."},
		{Name: "description", Shape: Text, Doc: "What the project is about."},
		{Name: "timezone", Shape: Text, Doc: "Zone of daily and weekly refreshes and of bare dates (UTC)."},
		{Name: "definitions", Shape: Words, Doc: "Folders with definitions ([features/])."},
		{Name: "data", Shape: Text, Doc: "Folder of data (data/)."},
		{Name: "state", Shape: Text, Doc: "Folder of everything that Fettle keeps (.fettle/)."},
		{Name: "server", Shape: Nested, Of: "server", Doc: "The server of fettle serve."},
		{Name: "limits", Shape: Nested, Of: "limits", NoEffect: true, Doc: "How much may be used."},
		{Name: "retention", Shape: Duration, NoEffect: true, Doc: "How long events are kept."},
		{Name: "environments", Shape: Anything, NoEffect: true, Doc: "Other environments, by name."},
	}},
	{What: "server", Doc: "Where the server is.", Fields: []Field{
		{Name: "listen", Shape: Text, Doc: "HOST:PORT (127.0.0.1:7070); port 0 takes any that is free."},
	}},
	{What: "limits", Doc: "How much may be used.", Fields: []Field{
		{Name: "memory", Shape: Size, Doc: "Memory, such as 2GB."},
		{Name: "disk_free", Shape: Size, Doc: "Disk that is left free, such as 10%."},
	}},
	{What: "an entity", Doc: "What features describe.", Fields: withMeta([]Field{
		{Name: "entity", Shape: Name, Required: true, Doc: "The entity's name."},
		{Name: "key", Shape: Types, Required: true,
			Doc: "Key columns and their types; a type may be another entity with one key column."},
		{Name: "belongs_to", Shape: NestedMap, Of: "a link", Short: true,
			Doc: "Links to other entities: alias: view.feature."},
	})},
	{What: "a link", Doc: "A link to another entity.", Fields: []Field{
		{Name: "entity", Shape: Text, Doc: "The entity it leads to (the one it is named after)."},
		{Name: "key", Shape: Values, Short: true, Required: true,
			Doc: "For each key column of that entity a feature, view.feature."},
	}},
	{What: "a source", Doc: "A stream of events, or a table of row versions.", Fields: withMeta([]Field{
		{Name: "source", Shape: Name, Required: true, Doc: "The source's name."},
		{Name: "mode", Shape: Choice, Values: []string{"events", "table"},
			Doc: "events, or table: a row is valid until the next one of its key (events)."},
		{Name: "path", Shape: Words, Doc: "Files or globs, relative to the project and inside it."},
		{Name: "format", Shape: Choice, Values: []string{"parquet", "arrow", "csv", "jsonl"},
			Doc: "The format of the files (by suffix)."},
		{Name: "push", Shape: Flag, Doc: "Events also come live (false)."},
		{Name: "feeds", Shape: Anything, Doc: "Several feeds; not available yet."},
		{Name: "id", Shape: Text, Doc: "Column that identifies an event: the first of equal ids counts."},
		{Name: "sequence", Shape: Text, Doc: "Column that orders events of one time."},
		{Name: "op", Shape: Text,
			Doc: "Column that says what a row does to the event of its id: insert, replace or delete."},
		{Name: "key", Shape: Words, Doc: "Of a table: the columns that identify a row."},
		{Name: "event_time", Shape: Nested, Of: "event_time", Short: true, Required: true,
			Doc: "Column of the event time, or {column, timezone, unit}."},
		{Name: "available", Shape: Expression,
			Doc: "When an event can be known, an expression of the event (its own time)."},
		{Name: "delete_when", Shape: Expression, Doc: "Of a table: when a row is a tombstone."},
		{Name: "fields", Shape: Types, Doc: "Names and types of the columns."},
		{Name: "columns", Shape: Expressions, Doc: "Computed columns: name and expression."},
		{Name: "where", Shape: Expression, Doc: "Rows that count, before anything else."},
		{Name: "edge", Shape: Choice, Values: []string{"before", "at"},
			Doc: "Whether an event at exactly the boundary is seen (before; at for tables)."},
		{Name: "max_future", Shape: Duration,
			Doc: "Live events of a time later than this after they came are quarantined (5m)."},
		{Name: "dedup", Shape: Duration, Doc: "How long the ids of live events are remembered (24h)."},
		{Name: "heartbeat", Shape: Duration, NoEffect: true, Doc: "How often something comes."},
		{Name: "cutover", Shape: Instant, NoEffect: true, Doc: "From when on live events count."},
		{Name: "retention", Shape: Duration, NoEffect: true, Doc: "How long events are kept."},
		{Name: "checks", Shape: NestedList, Of: "a check", Values: checkWords, NoEffect: true,
			Doc: "Expectations about the rows."},
	}), OneOf: []string{"path", "push", "feeds"}},
	{What: "event_time", Doc: "How the event time is read.", Fields: []Field{
		{Name: "column", Shape: Text, Required: true, Doc: "The column of the event time."},
		{Name: "timezone", Shape: Nested, Of: "timezone", Short: true,
			Doc: "Zone of times without one, or {column: NAME} of a column of zones."},
		{Name: "unit", Shape: Choice, Values: []string{"s", "ms", "us", "ns"},
			Doc: "Unit of an integer time."},
	}},
	{What: "timezone", Doc: "A zone for each row.", Fields: []Field{
		{Name: "column", Shape: Text, Doc: "The column that names the zone."},
	}},
	{What: "a check", Doc: "An expectation: one field names it.", Fields: []Field{
		{Name: "not_null", Shape: Fraction, Doc: "The least share of values that are not null."},
		{Name: "unique", Shape: Fraction, Doc: "The least share of distinct values."},
		{Name: "between", Shape: Words, Doc: "The least and the greatest value."},
		{Name: "in", Shape: Words, Doc: "The values there may be."},
		{Name: "regex", Shape: Words, Doc: "A pattern that texts match."},
		{Name: "row_count", Shape: Words, Doc: "The least number of rows, and the greatest."},
		{Name: "freshness", Shape: Words, Doc: "The greatest age of the newest row."},
		{Name: "expr", Shape: Expression, Doc: "A condition of the row."},
		{Name: "severity", Shape: Choice, Values: []string{"warn", "block", "quarantine"},
			Doc: "What follows (warn)."},
		{Name: "rate", Shape: Fraction, Doc: "The share of rows that must pass (1)."},
	}},
	{What: "a view", Doc: "Features of one entity, computed from one source.", Fields: []Field{
		{Name: "view", Shape: Name, Required: true, Doc: "The view's name."},
		{Name: "description", Shape: Text, Doc: descriptionDoc},
		{Name: "entity", Shape: Text, Required: true, Doc: "The entity that the features describe."},
		{Name: "source", Shape: Text,
			Doc: "The source they are computed from; none: only other views and the request."},
		{Name: "key", Shape: Expressions,
			Doc: "For each key column of the entity an expression of the event (the column of its name)."},
		{Name: "freshness", Shape: Freshness,
			Doc: "realtime, static, a duration that divides a day, hourly, daily at HH:MM, weekly (realtime)."},
		{Name: "ready_after", Shape: Duration, Doc: "How long after its boundary a refresh is there (0s)."},
		{Name: "edge", Shape: Choice, Values: []string{"before", "at"},
			Doc: "Whether an event at exactly the boundary is seen (the source's)."},
		{Name: "expires", Shape: Duration, Doc: "Values whose newest event is older are null (never)."},
		{Name: "owner", Shape: Text, Doc: ownerDoc},
		{Name: "tags", Shape: Words, Doc: tagsDoc},
		{Name: "pii", Shape: Flag, Doc: piiDoc},
		{Name: "where", Shape: Expression, Doc: "The events that count."},
		{Name: "request", Shape: Types, Doc: "Fields that come with the request."},
		{Name: "timeout", Shape: Duration, NoEffect: true, Doc: "How long serving may take."},
		{Name: "fallback", Shape: Fallbacks, NoEffect: true, Doc: "What is served if a value is not there."},
		{Name: "features", Shape: Features, Of: "a feature", Required: true,
			Doc: "Name and expression, or {expr, ..}; {w} in a name is a variable of for:."},
	}},
	{What: "a feature", Doc: "A feature with more than its expression.", Fields: []Field{
		{Name: "for", Shape: Loops, Doc: "Variables and their values: one feature for each combination."},
		{Name: "expr", Shape: Expression, Required: true, Doc: "The expression."},
		{Name: "type", Shape: Text, Doc: "The type (that of the expression)."},
		{Name: "description", Shape: Text, Doc: descriptionDoc},
		{Name: "default", Shape: Text, Doc: "The value that stands in for a null."},
		{Name: "expires", Shape: Duration, Doc: "A value whose newest event is older is null (the view's)."},
		{Name: "checks", Shape: NestedList, Of: "a check", Values: checkWords, NoEffect: true,
			Doc: "Expectations about the values."},
		{Name: "fallback", Shape: Fallbacks, NoEffect: true, Doc: "What is served if the value is not there."},
		{Name: "owner", Shape: Text, Doc: ownerDoc},
		{Name: "tags", Shape: Words, Doc: tagsDoc},
		{Name: "pii", Shape: Flag, Doc: piiDoc},
		{Name: "deprecated", Shape: Nested, Of: "deprecated", Doc: "Announces the end of the feature."},
	}},
	{What: "deprecated", Doc: "The end of a feature.", Fields: []Field{
		{Name: "after", Shape: Day, Doc: "The day of its end."},
		{Name: "use", Shape: Text, Doc: "What to use instead."},
	}},
	{What: "a model", Doc: "The features of one trained model, in order.", Fields: withMeta([]Field{
		{Name: "model", Shape: Name, Required: true, Doc: "The model's name."},
		{Name: "version", Shape: Integer, Doc: "A number (1)."},
		{Name: "baseline", Shape: Text, NoEffect: true, Doc: "A training manifest."},
		{Name: "timeout", Shape: Duration, NoEffect: true, Doc: "How long serving may take."},
		{Name: "log", Shape: Nested, Of: "log", Doc: "Served answers that are kept."},
		{Name: "entities", Shape: NestedMap, Of: "a role", Short: true,
			Doc: "Roles: name and entity (each entity is its own role)."},
		{Name: "features", Shape: Selection, Required: true,
			Doc: "Names, view.*, -view.feature to leave one out, {name: as} to rename one."},
		{Name: "label", Shape: Nested, Of: "label", Doc: "The rows to learn from, when no file is given."},
	})},
	{What: "a role", Doc: "One entity of a model's rows.", Fields: []Field{
		{Name: "entity", Shape: Text, Required: true, Doc: "The entity."},
		{Name: "key", Shape: Values, Doc: "For each key column the label or request column."},
	}},
	{What: "log", Doc: "Served answers that are kept.", Fields: []Field{
		{Name: "sample", Shape: Fraction, Doc: "The share of answers."},
		{Name: "retention", Shape: Duration, Doc: "How long they are kept."},
	}},
	{What: "label", Doc: "Where labels come from.", Fields: []Field{
		{Name: "source", Shape: Text, Required: true, Doc: "The source whose events are the rows."},
		{Name: "key", Shape: Expressions, Doc: "Key columns and request fields (columns of their names)."},
		{Name: "time", Shape: Expression, Doc: "The time of a row (the event time)."},
		{Name: "expr", Shape: Expression, Required: true, Doc: "The label; over next 30d looks ahead."},
		{Name: "where", Shape: Expression, Doc: "The events that are rows."},
	}},
	{What: "a test", Doc: "Rows in, values out.", Fields: []Field{
		{Name: "test", Shape: Name, Required: true, Doc: "The test's name."},
		{Name: "description", Shape: Text, Doc: descriptionDoc},
		{Name: "view", Shape: Text, Required: true, Doc: "The view that is tested."},
		{Name: "now", Shape: Text, Required: true, Doc: "The time the values are asked for."},
		{Name: "key", Shape: Values, Doc: "The entity (that of the first event)."},
		{Name: "events", Shape: Rows,
			Doc: "Rows of the view's source; by source, if other views are read."},
		{Name: "request", Shape: Values, Doc: "Fields of the request."},
		{Name: "expect", Shape: Values, Required: true, Doc: "Features and their values."},
	}},
}

var checkWords = []string{"not_null", "unique", "schema"}

const (
	descriptionDoc = "What it is, for people."
	ownerDoc       = "Whom to ask."
	tagsDoc        = "Words to find it by."
	piiDoc         = "Whether it tells of persons (false)."
)

// withMeta puts what every definition may carry behind the field that names it.
func withMeta(fields []Field) []Field {
	meta := []Field{
		{Name: "description", Shape: Text, Doc: descriptionDoc},
		{Name: "owner", Shape: Text, Doc: ownerDoc},
		{Name: "tags", Shape: Words, Doc: tagsDoc},
		{Name: "pii", Shape: Flag, Doc: piiDoc},
	}
	return append(append(fields[:1:1], meta...), fields[1:]...)
}
