package builtin

import (
	"slices"
	"sync"
)

// table holds every entry by name and in the order of the pages.
type table struct {
	byName  map[string]*Function
	ordered []*Function
}

// load reads the signatures once, at the first use. A signature that cannot be read is our bug.
var load = sync.OnceValue(func() *table {
	t := &table{byName: map[string]*Function{}}
	groups := [][]Function{
		operators(), nullFunctions(), numberFunctions(), stringFunctions(), timeFunctions(),
		geoFunctions(), listFunctions(), jsonFunctions(), vectorFunctions(), aggregates(),
		orderedAggregates(), numericAggregates(),
	}
	for _, f := range slices.Concat(groups...) {
		if t.byName[f.Name] != nil {
			panic("BUG: two entries for " + f.Name)
		}
		f.signatures = parseAll(f.Signatures)
		f.later = parseAll(f.Later)
		t.byName[f.Name] = &f
		t.ordered = append(t.ordered, &f)
	}
	return t
})

func parseAll(texts []string) []signature {
	var out []signature
	for _, text := range texts {
		s, err := parseSignature(text)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		out = append(out, s)
	}
	return out
}

// Lookup returns the entry of a name.
func Lookup(name string) (*Function, bool) {
	f, found := load().byName[name]
	return f, found
}

// All returns every entry, in the order of the pages. The entries must not be changed.
func All() []*Function { return slices.Clone(load().ordered) }
