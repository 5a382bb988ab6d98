package aggregate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// vector is one line of testdata/vectors.jsonl, which vectors.py has worked out.
type vector struct {
	Func     string
	Family   string
	Literal  *float64
	Times    []int64
	Boundary int64
	X        [][]string
	Seed     string
	Count    int
	Want     string
}

// TestVectors compares bits with values from outside this program.
func TestVectors(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	lines := bufio.NewScanner(file)
	compared := map[string]int{}
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if got := v.run(t); got != v.Want {
			t.Errorf("%s\n got %s", lines.Text(), got)
		}
		if v.Want != nothing && v.Want != "not finite" {
			compared[v.Func]++
		}
	}
	for _, s := range subjects {
		if n := compared[s.name]; !ByPosition(s.name) && s.name != "delta" && s.name != "streak" &&
			n < 20 && (s.name != "approx_distinct" || n < 6) {
			t.Errorf("only %d values of %s compared", n, s.name)
		}
	}
}

func (v *vector) run(t *testing.T) string {
	t.Helper()
	spec := Specification{Func: v.Func}
	events := Events{Time: v.Times}
	for _, column := range v.X {
		var values Values
		values.Kind = window.Floats
		for _, x := range column {
			bits, err := strconv.ParseUint(x, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			values.Floats = append(values.Floats, math.Float64frombits(bits))
		}
		events.Arguments = append(events.Arguments, values)
	}
	n := len(v.Times)
	if v.Func == "approx_distinct" {
		seed, _ := strconv.ParseUint(v.Seed, 10, 64)
		n = v.Count
		events.Arguments = make([]Values, 1)
		for k := range n {
			events.Arguments[0].Ints = append(events.Arguments[0].Ints, int64(seed*uint64(k+1)))
		}
	}
	for i := range events.Arguments {
		spec.Arguments = append(spec.Arguments, typeOf(&events.Arguments[i]))
	}
	switch {
	case v.Func == "median" || v.Literal == nil:
	case v.Func == "decayed_sum" || v.Func == "decayed_count":
		h := schema.Value{Type: schema.Of(schema.Duration), Int: int64(*v.Literal)}
		spec.Literals = []schema.Value{h}
	default:
		spec.Literals = []schema.Value{schema.FloatValue(*v.Literal)}
	}
	f, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	f.Reset(&events)
	var out Result
	f.Read(&Question{Range: window.Range{To: n}, Boundary: v.Boundary}, &out)
	switch {
	case out.NonFinite:
		return "not finite"
	case out.Null:
		return nothing
	case v.Func == "approx_distinct":
		return strconv.FormatInt(out.Int, 10)
	default:
		return fmt.Sprintf("%016x", math.Float64bits(out.Float))
	}
}
