package zone

import (
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

func instant(t *testing.T, text string) int64 {
	t.Helper()
	micros, _, err := schema.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return micros
}

func TestToUTC(t *testing.T) {
	t.Parallel()
	f := func(name, wall, want string, wantFold, wantGap bool) {
		t.Helper()
		z, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		utc, fold, gap := z.ToUTC(instant(t, wall))
		if got := schema.FormatTime(utc); got != schema.FormatTime(instant(t, want)) || fold != wantFold || gap != wantGap {
			t.Errorf("%s %s: got %s fold %v gap %v, want %s %v %v", name, wall, got, fold, gap, want, wantFold, wantGap)
		}
		if back := z.ToWall(utc); !gap && back != instant(t, wall) {
			t.Errorf("%s %s: back to %s", name, wall, schema.FormatTime(back))
		}
	}
	f("UTC", "2024-01-01 00:00:00", "2024-01-01T00:00:00Z", false, false)
	f("America/New_York", "2024-03-10 01:59:59", "2024-03-10T06:59:59Z", false, false)
	f("America/New_York", "2024-03-10 02:30:00", "2024-03-10T07:30:00Z", false, true)
	f("America/New_York", "2024-03-10 03:00:00", "2024-03-10T07:00:00Z", false, false)
	f("America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z", true, false)
	f("America/New_York", "2024-11-03 02:00:00", "2024-11-03T07:00:00Z", false, false)
	f("Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05T15:45:00Z", false, true)
	f("Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06T14:45:00Z", true, false)
	f("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z", false, true) // a whole day skipped
	f("Asia/Kolkata", "2199-06-01 05:30:00", "2199-06-01T00:00:00Z", false, false)
}

func TestFirst(t *testing.T) {
	t.Parallel()
	f := func(name, wall, want string) {
		t.Helper()
		z, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := z.First(instant(t, wall)); got != instant(t, want) {
			t.Errorf("%s %s: got %s, want %s", name, wall, schema.FormatTime(got), want)
		}
	}
	f("America/New_York", "2024-03-10 02:30:00", "2024-03-10T07:00:00Z")
	f("America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z")
	f("Europe/Paris", "2024-03-31 02:00:00", "2024-03-31T01:00:00Z")
	f("UTC", "2024-03-31 02:00:00", "2024-03-31T02:00:00Z")
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Mars/Base", "../etc", "America"} {
		if _, err := Load(name); err == nil {
			t.Errorf("%q loads", name)
		}
	}
}

// TestAgainstLibrary compares a sample of zones with the standard library's lookup at random
// instants and around each change.
func TestAgainstLibrary(t *testing.T) {
	t.Parallel()
	random, compared := rand.New(rand.NewPCG(1, 2)), 0
	for name, file := range entries() {
		if random.IntN(12) != 0 {
			continue
		}
		location, err := open(file)
		if err != nil {
			t.Fatal(err)
		}
		z := &Zone{name: name, spans: spansOf(location)}
		instants := []int64{schema.MinTime, schema.MaxTime}
		for _, s := range z.spans {
			instants = append(instants, s.start-1, s.start, s.start+random.Int64N(30*schema.Day))
		}
		for _, at := range instants {
			if got, want := z.ToWall(at)-at, offsetAt(location, at); at >= z.spans[0].start && got != want {
				t.Fatalf("%s at %s: offset %d, want %d", name, schema.FormatTime(at), got, want)
			}
			compared++
		}
	}
	if compared < 5000 {
		t.Errorf("only %d instants compared", compared)
	}
}
