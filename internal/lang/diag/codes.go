package diag

// Code names a kind of diagnostic. Codes are part of the interface: they are never renamed.
type Code string

// The codes of reading YAML.
const (
	FileTooLarge     Code = "file-too-large"
	BadEncoding      Code = "bad-encoding"
	TooDeep          Code = "too-deep"
	YAMLSyntax       Code = "yaml-syntax"
	YAMLTab          Code = "yaml-tab"
	YAMLRefused      Code = "yaml-refused"
	DuplicateKey     Code = "duplicate-key"
	TextAfterQuote   Code = "text-after-quote"
	TextAfterBracket Code = "text-after-bracket"
	ColonInValue     Code = "colon-in-value"
	QuoteNotClosed   Code = "quote-not-closed"
	BadEscape        Code = "bad-escape"
	BracketNotClosed Code = "bracket-not-closed"
	CommaInBraces    Code = "comma-in-braces"
)

// The codes of the shape of definitions.
const (
	UnknownKind  Code = "unknown-kind"
	Misplaced    Code = "misplaced-project"
	NoProject    Code = "no-project"
	Reserved     Code = "reserved"
	NotYet       Code = "not-yet"
	NoEffectYet  Code = "no-effect-yet"
	UnknownField Code = "unknown-field"
	MissingField Code = "missing-field"
	MissingValue Code = "missing-value"
	WrongShape   Code = "wrong-shape"
	BadName      Code = "bad-name"
	BadValue     Code = "bad-value"
	BadDuration  Code = "bad-duration"
	BadTime      Code = "bad-time"
	BadPath      Code = "bad-path"
	FanOut       Code = "fan-out"
)

// The codes of the grammar of expressions.
const (
	ExpressionStyle   Code = "expression-style"
	QuotesRemoved     Code = "quotes-removed"
	CommentCut        Code = "comment-cut"
	ExpressionSyntax  Code = "expression-syntax"
	BadCharacter      Code = "bad-character"
	TextNotClosed     Code = "text-not-closed"
	BadNumber         Code = "bad-number"
	BadType           Code = "bad-type"
	ForeignOperator   Code = "foreign-operator"
	ChainedComparison Code = "chained-comparison"
	FilterWhere       Code = "filter-where"
	OverPartition     Code = "over-partition"
	WhereAfterWindow  Code = "where-after-window"
	UnknownVariable   Code = "unknown-variable"
)

// The codes of names, types and meaning.
const (
	DuplicateName     Code = "duplicate-name"
	ReservedName      Code = "reserved-name"
	UnknownName       Code = "unknown-name"
	UnknownColumn     Code = "unknown-column"
	UnknownFeature    Code = "unknown-feature"
	UnknownView       Code = "unknown-view"
	UnknownEntity     Code = "unknown-entity"
	UnknownSource     Code = "unknown-source"
	UnknownRequest    Code = "unknown-request"
	UnknownRole       Code = "unknown-role"
	UnknownFunction   Code = "unknown-function"
	UnknownTimezone   Code = "unknown-timezone"
	AmbiguousName     Code = "ambiguous-name"
	WrongEntity       Code = "wrong-entity"
	NoClock           Code = "no-clock"
	NeedsWindow       Code = "needs-window"
	NotAnAggregate    Code = "not-an-aggregate"
	EventScope        Code = "event-scope"
	BadArguments      Code = "bad-arguments"
	BadCast           Code = "bad-cast"
	TypeMismatch      Code = "type-mismatch"
	BadDefault        Code = "bad-default"
	BadWindow         Code = "bad-window"
	WindowRetention   Code = "window-retention"
	StaticWindow      Code = "static-window"
	RefreshedRequest  Code = "refreshed-request"
	BadFreshness      Code = "bad-freshness"
	FeatureCycle      Code = "feature-cycle"
	ViewCycle         Code = "view-cycle"
	EntityCycle       Code = "entity-cycle"
	ChainTooLong      Code = "chain-too-long"
	BadKey            Code = "bad-key"
	BadLink           Code = "bad-link"
	EventTimeType     Code = "event-time-type"
	ZoneNeeded        Code = "zone-needed"
	SourceFilesFailed Code = "source-files"
	BadSource         Code = "bad-source"
	BadModel          Code = "bad-model"
	BadTest           Code = "bad-test"
)

// The codes of warnings, and those of fettle.lock.
const (
	ColumnsNotChecked Code = "columns-not-checked"
	MixedColumn       Code = "mixed-column"
	IgnoresReceipt    Code = "ignores-receipt"
	DefaultCorrection Code = "default-correction"
	TableWindow       Code = "table-window"
	StaleLock         Code = "stale-lock"
	BadLock           Code = "bad-lock"
)
