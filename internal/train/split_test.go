package train

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// instant reads a date in UTC.
func instant(text string) (int64, error) {
	days, err := schema.ParseDate(text)
	if err != nil {
		at, _, err := schema.ParseTime(text)
		return at, err
	}
	return days * schema.Day, nil
}

// TestParseSplit reads every form back as it writes it, and says what is wrong with others.
func TestParseSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"train:..2024-03-01,valid:..2024-04-01,test": "train:..2024-03-01T00:00:00.000000Z," +
			"valid:..2024-04-01T00:00:00.000000Z,test",
		"a:..2024-03-01, b":             "a:..2024-03-01T00:00:00.000000Z,b",
		"0.8/0.2":                       "train:0.8,test:0.2",
		"0.8/0.1/0.1":                   "train:0.8,valid:0.1,test:0.1",
		"a:0.123456789,b:0.876543211":   "a:0.123456789,b:0.876543211",
		"a:.25,b:.25,c:.25,d:0.2500000": "a:0.25,b:0.25,c:0.25,d:0.25",
	} {
		s, err := ParseSplit(text, instant)
		if err != nil || s.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, s, err, want)
			continue
		}
		again, err := ParseSplit(s.String(), instant)
		if err != nil || again.String() != want {
			t.Errorf("%s comes back as %v, %v", want, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                            "a name has",
		"train":                       "one part is no split",
		"train:..2024-03-01":          "the last part, train, takes all",
		"0.5/0.2/0.2/0.1":             "name them",
		"a:..2024-03-01,a":            "two parts are named a",
		"a:..soon,b":                  "soon",
		"A:..2024-03-01,b":            "part \"A\"",
		"a:0.5,b":                     "write one of the two",
		"a:0.5,b:0.6":                 "add up to 1.1 and not to 1",
		"a:0.5,b:half":                "is no end and no share",
		"a:0,b:1":                     "is no end and no share",
		"a:-0.5,b:1.5":                "is no end and no share",
		"a:0.0000000001,b:0.9":        "is no end and no share",
		strings.Repeat("a:0.01,", 40): "a name has",
	} {
		if s, err := ParseSplit(text, instant); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", text, s, err, want)
		}
	}
}

// TestPartition compares with the definition, row by row.
func TestPartition(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	kept, dropped := 0, 0
	for range 200 {
		rows := engine.Rows{Count: r.IntN(50)}
		for range rows.Count {
			rows.AgeTimes = append(rows.AgeTimes, r.Int64N(30))
		}
		first := 1 + r.Int64N(wholeShare-1)
		parts := []SplitPart{{Name: "a", Share: first}, {Name: "b", Share: wholeShare - first}}
		s := &Split{Parts: parts, Embargo: r.Int64N(5)}
		p := s.resolve(countTimes(rows))
		sorted := slices.Sorted(slices.Values(rows.AgeTimes))
		boundary := int64(lastTime)
		if at := int(int64(rows.Count) * first / wholeShare); at < rows.Count {
			boundary = sorted[at]
		}
		for i, part := range p.rows(rows) {
			want := int16(0)
			switch at := rows.AgeTimes[i]; {
			case at >= boundary && at < boundary+s.Embargo:
				want = embargoed
				dropped++
			case at >= boundary:
				want = 1
				kept++
			}
			if part != want {
				t.Fatalf("%v, share %d: row %d is in %d, want %d", rows.AgeTimes, first, i, part, want)
			}
		}
	}
	if kept < 500 || dropped < 100 {
		t.Errorf("only %d rows of second parts and %d of embargoes", kept, dropped)
	}
}

// TestParseSpine reads ranges, and says what is wrong with others.
func TestParseSpine(t *testing.T) {
	t.Parallel()
	s, err := ParseSpine("2024-01-01..2024-01-03T00:00:00.000001Z every 12h", instant)
	if err != nil {
		t.Fatal(err)
	}
	if times := s.times(); len(times) != 5 || times[4]-times[0] != 2*schema.Day {
		t.Errorf("times %v", times)
	}
	for text, want := range map[string]string{
		"2024-01-01..2024-01-02":           "is no range",
		"2024-01-01 every 1d":              "is no range",
		"2024-01-01..2024-01-02 every day": "is not a duration",
		"2024-01-01..2024-01-02 every 0d":  "a step of 0",
		"2024-01-02..2024-01-02 every 1d":  "not after its beginning",
		"2024-01-01..later every 1d":       "later",
		"2024-01-01..2024-02-01 every 1ms": "more than 1000000 times",
		"1900-01-01..2200-01-01 every 1us": "more than 1000000 times",
	} {
		if s, err := ParseSpine(text, instant); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", text, s, err, want)
		}
	}
}

// FuzzSplit never panics, and reads back what it took.
func FuzzSplit(f *testing.F) {
	f.Add("train:..2024-03-01,valid:..2024-04-01,test")
	f.Add("0.8/0.1/0.1")
	f.Add("a:0.5,b:0.5")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSplit(text, instant)
		if err != nil {
			return
		}
		again, err := ParseSplit(s.String(), instant)
		if err != nil || again.String() != s.String() {
			t.Errorf("%q is %s, then %v, %v", text, s, again, err)
		}
	})
}
