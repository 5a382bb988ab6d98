package log_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/log"
)

// FuzzOpen opens logs of arbitrary bytes. Whatever they are, every sequence must be read or be named
// as damaged, appends must work, and a second opening must find the same without cutting again.
func FuzzOpen(f *testing.F) {
	all := sampleFiles(f)
	first, third := all[segmentOf(1, 1)], all[segmentOf(5, 2)]
	f.Add(first, third, false)
	f.Add(first[:100], third[:60], true)
	f.Add(third, first, false)
	f.Add([]byte{}, append(append([]byte(nil), third...), third[32:]...), true)
	f.Fuzz(func(t *testing.T, inner, last []byte, alone bool) {
		damaged := all.change(segmentOf(1, 1), inner).change(segmentOf(5, 2), last)
		if inner == nil {
			damaged = all.change(segmentOf(5, 2), last)
		}
		if alone {
			damaged = files{segmentOf(5, 2): last}
		}
		survives(t, damaged)
	})
}

// survives opens a damaged log twice.
func survives(t *testing.T, damaged files) {
	t.Helper()
	m := damaged.disk()
	l, report, err := log.Open(m, "log", log.Options{})
	if errors.Is(err, log.ErrVersion) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	before := cover(t, l, report)
	appendAll(t, l, "new")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, report, err = log.Open(m, "log", log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if len(report.Cuts) > 0 {
		t.Errorf("cut twice: %s", describe(report))
	}
	if after := cover(t, l, report); after != before+1 {
		t.Errorf("%d records were readable, then %d", before, after)
	}
}

// TestRandomDamage copies, cuts and turns over parts of the files of a log: whole records, too, in
// places where they do not belong, which chance alone does not find.
func TestRandomDamage(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	names := []string{segmentOf(1, 1), segmentOf(4, 1), segmentOf(5, 2)}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		damaged := all
		for range 1 + rng.IntN(3) {
			name := names[rng.IntN(len(names))]
			damaged = damaged.change(name, mangle(rng, damaged[name], all[names[rng.IntN(len(names))]]))
			if rng.IntN(10) == 0 {
				damaged = damaged.change(names[rng.IntN(len(names))], nil)
			}
		}
		survives(t, damaged)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// mangle changes one part of a file, often where a record begins or ends.
func mangle(rng *rand.Rand, data, other []byte) []byte {
	place := func(size int) int {
		if rng.IntN(3) > 0 {
			return min(size, headerBytes+recordBytes*rng.IntN(5))
		}
		return rng.IntN(size + 1)
	}
	span := func(data []byte) (int, int) {
		a, b := place(len(data)), place(len(data))
		return min(a, b), max(a, b)
	}
	data = append([]byte{}, data...)
	from, to := span(data)
	switch rng.IntN(5) {
	case 0:
		return data[:from]
	case 1:
		return slices.Delete(data, from, to)
	case 2:
		if from < len(data) {
			data[from] ^= 1 << rng.IntN(8)
		}
		return data
	case 3:
		clear(data[from:to])
		return data
	default:
		a, b := span(other)
		return slices.Concat(data[:from], bytes.Clone(other[a:b]), data[from:])
	}
}

// cover reads a log and checks that each sequence is read or damaged, in order. It returns how many
// were read.
func cover(t *testing.T, l *log.Log, report *log.Report) (read int) {
	t.Helper()
	r := l.Reader(0)
	defer r.Close()
	next := report.First
	for range 10_000 {
		e, err := r.Next()
		var damage *log.Damage
		switch {
		case errors.Is(err, io.EOF):
			if next != report.Next {
				t.Errorf("read up to %d, the log ends before %d", next, report.Next)
			}
			return read
		case errors.As(err, &damage):
			if damage.From != next || damage.To+1 < damage.From {
				t.Fatalf("wanted sequence %d: %v", next, damage)
			}
			next = damage.To + 1
		case err != nil:
			t.Fatal(err)
		case e.Sequence != next:
			t.Fatalf("read sequence %d, want %d", e.Sequence, next)
		default:
			next++
			read++
		}
	}
	t.Fatal("reading does not end")
	return 0
}
