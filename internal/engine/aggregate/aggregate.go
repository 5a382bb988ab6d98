package aggregate

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Cap is the number of distinct values, and of the values of a percentile, above which an exact
// aggregate is refused.
const Cap = window.DistinctCap

// Values is one argument of the selected events, in total order: the slice of its kind is set.
// Text, bytes and other interned types come as ranks in Ints, where the order of ranks is that of
// the values and equal values have equal ranks; bool as 0 and 1, times as integers. approx_distinct
// gets hash64 of its argument as Ints. What takes events as they are, such as first or last of a
// type that has no order, needs no values.
type Values struct {
	Kind     window.Kind
	Ints     []int64
	Floats   []float64
	Decimals []schema.Int128
	Valid    []bool // nil: no nulls. Only an argument that does not select may have nulls.
	Index    *Index // shared by functions over these very values; nil: each has its own
}

// Events are the selected events of one entity, in total order.
type Events struct {
	Time      []int64
	Arguments []Values
}

// Question asks for the value of one window.
type Question struct {
	Range    window.Range // positions among the selected events
	End      int64        // the end of the window, exclusive
	Boundary int64        // the boundary of the view
}

// Result is one value. The reader clears it before each call. What its slices hold is the
// function's, and valid until the next Read or Reset.
type Result struct {
	Null      bool
	Cap       bool // a cap was exceeded; Null is set too
	NonFinite bool // not a finite number; Null is set too
	Overflow  bool // does not fit in its type; Null is set too

	// A number that was computed is in the field of its type.
	Int     int64
	Float   float64
	Decimal schema.Int128

	// Positions are selected events that hold the values of a result that takes them as they are: one
	// of a single value, else those of the list or the keys of the map, none if it is empty. The event
	// may lie outside the range where another inside has the same value. ByPosition says which
	// results are given so.
	Positions []int32
	// Counts are the values of a histogram, parallel to Positions.
	Counts []int64
}

// Specification says which aggregate over which types is wanted.
type Specification struct {
	Func      string
	Distinct  bool           // of count alone, which the engine does itself
	Arguments []schema.Type  // without those that must be literals
	Literals  []schema.Value // in order
	Result    schema.Type
}

// Function is one aggregate, for one entity after the other. It belongs to one goroutine.
type Function interface {
	// Reset gives the selected events of the next entity, which stay as they are until the one after.
	Reset(events *Events)
	// Read stores the value over a range of the events.
	Read(q *Question, out *Result)
}

var errArguments = errors.New("the arguments do not fit")

// maker makes a function; the specification has as many arguments and literals as it should.
type maker struct {
	arguments, literals int
	make                func(Specification) (Function, error)
	values              bool // the result is values of events, given by position
	elsewhere           bool // without literals the engine has a faster way
}

// makers is the one list of the aggregates of this package. The entry of a name with two forms is
// the one with the literals; the other form is looked for under the name and a star.
func makers() map[string]maker {
	return map[string]maker{
		"first":   {arguments: 1, literals: 1, make: newFirst, values: true},
		"last":    {arguments: 1, literals: 1, make: newLast, values: true},
		"first*":  {arguments: 1, make: newFirst, values: true, elsewhere: true},
		"last*":   {arguments: 1, make: newLast, values: true, elsewhere: true},
		"collect": {arguments: 1, literals: 1, make: newCollect, values: true},
		"lag":     {arguments: 1, literals: 1, make: newLag, values: true},
		"streak":  {arguments: 1, make: newStreak},
		"delta":   {arguments: 1, make: newDelta},
		"ewma":    {arguments: 1, literals: 1, make: newEwma},

		"first_distinct": {arguments: 1, literals: 1, make: newFirstDistinct, values: true},
		"last_distinct":  {arguments: 1, literals: 1, make: newLastDistinct, values: true},
		"min_by":         {arguments: 2, make: newMinBy, values: true},
		"max_by":         {arguments: 2, make: newMaxBy, values: true},
		"largest":        {arguments: 1, literals: 1, make: newLargest, values: true},
		"smallest":       {arguments: 1, literals: 1, make: newSmallest, values: true},

		"mode":            {arguments: 1, make: newMode, values: true},
		"top_k":           {arguments: 1, literals: 1, make: newTopK, values: true},
		"histogram":       {arguments: 1, make: newHistogram, values: true},
		"collect_set":     {arguments: 1, make: newCollectSet, values: true},
		"entropy":         {arguments: 1, make: newEntropy},
		"approx_distinct": {arguments: 1, make: newApproxDistinct},

		"percentile":        {arguments: 1, literals: 1, make: newPercentile},
		"median":            {arguments: 1, make: newMedian},
		"approx_percentile": {arguments: 1, literals: 1, make: newApproxPercentile},

		"skew":     {arguments: 1, make: newSkew},
		"kurtosis": {arguments: 1, make: newKurtosis},
		"covar":    {arguments: 2, make: newCovar},
		"corr":     {arguments: 2, make: newCorr},
		"slope":    {arguments: 2, make: newSlope},

		"decayed_sum":   {arguments: 1, literals: 1, make: newDecayedSum},
		"decayed_count": {literals: 1, make: newDecayedCount},
	}
}

func find(s *Specification) (maker, bool) {
	all := makers()
	if m, found := all[s.Func+"*"]; found && len(s.Literals) == 0 {
		return m, true
	}
	m, found := all[s.Func]
	return m, found && !m.elsewhere
}

// New returns the function of a specification. An error means that it was not compiled by this
// program.
func New(s Specification) (Function, error) {
	m, found := find(&s)
	if !found {
		return nil, fmt.Errorf("there is no aggregate %s", s.Func)
	}
	if len(s.Arguments) != m.arguments || len(s.Literals) != m.literals {
		return nil, fmt.Errorf("%s: %w: %d values and %d literals", s.Func, errArguments,
			len(s.Arguments), len(s.Literals))
	}
	f, err := m.make(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Func, err)
	}
	return f, nil
}

// Names returns the names of the aggregates of this package, in order. The plain forms of first and
// last are made here as well, for types that have no order.
func Names() []string {
	var names []string
	for name, m := range makers() {
		if !m.elsewhere {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ByPosition reports whether the results of an aggregate are values of events and given as
// Positions, or else as a number.
func ByPosition(name string) bool { return makers()[name].values }
