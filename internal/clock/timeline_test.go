package clock_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/clock"
)

// The one rule: a read at T sees what was published with V <= T, whatever the wall clock does.
func TestReadsSeeWhatWasPublished(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	wall := clock.NewFake(1_000)
	var reserved int64
	reserve := func(until int64) error { reserved = until; return nil }
	line := clock.NewTimeline(wall, 0, reserve)
	var published []int64 // times of what reads may see
	var under int64       // the batch under way, or 0
	var lastRead, reads, restarts int64
	for range 20_000 {
		wall.Advance(int64(random.IntN(5)) - 1)
		switch action := random.IntN(6); {
		case action == 0 && under == 0:
			under = must(t)(line.Begin())
			if under <= lastRead {
				t.Fatalf("visible at %d, which a read at %d has not seen", under, lastRead)
			}
		case action == 1 && under != 0:
			line.Publish()
			published, under = append(published, under), 0
		case action == 2:
			must(t)(line.Stamp())
		case action == 3 && random.IntN(50) == 0:
			line, under = clock.NewTimeline(wall, reserved, reserve), 0
			restarts++
		default:
			at := must(t)(line.Read())
			reads++
			if at < lastRead || under != 0 && at >= under {
				t.Fatalf("read at %d after %d, with %d under way", at, lastRead, under)
			}
			if n := len(published); n > 0 && published[n-1] > at {
				t.Fatalf("read at %d does not see what was published at %d", at, published[n-1])
			}
			lastRead = at
		}
		if line.Last() > reserved {
			t.Fatalf("time %d was handed out, %d is reserved", line.Last(), reserved)
		}
	}
	if reads < 5_000 || len(published) < 1_000 || restarts < 10 {
		t.Errorf("exercised %d reads, %d batches, %d restarts", reads, len(published), restarts)
	}
}

func TestNoTimeWithoutReservation(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	line := clock.NewTimeline(clock.NewFake(5), 0, func(int64) error { return full })
	for name, draw := range map[string]func() (int64, error){
		"Read": line.Read, "Stamp": line.Stamp, "Begin": line.Begin,
	} {
		if _, err := draw(); !errors.Is(err, full) {
			t.Errorf("%s: %v, want the reservation's error", name, err)
		}
	}
}

// A request at the very time of a write sees it: replays ask at the times of events.
func TestEqualTimes(t *testing.T) {
	t.Parallel()
	line := clock.NewTimeline(clock.NewFake(7), 0, nil)
	stamp, visible := must(t)(line.Stamp()), must(t)(line.Begin())
	line.Publish()
	if at := must(t)(line.Read()); stamp != 7 || visible != 7 || at != 7 {
		t.Errorf("received at %d, visible at %d, read at %d, want 7", stamp, visible, at)
	}
}

func must(t *testing.T) func(at int64, err error) int64 {
	return func(at int64, err error) int64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
}
