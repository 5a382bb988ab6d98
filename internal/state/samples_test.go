package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/store"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	f := newFixture(rules{})
	db := newMemory(t)
	options := Options{SampleCount: 100, SampleAge: 1000}
	s := open(t, db, f, options)
	bodies := map[string]string{}
	now := int64(0)
	for i := range 1000 {
		now += rng.Int64N(15)
		sample := Sample{At: now, Request: fmt.Sprint("r", rng.IntN(3)), Body: fmt.Append(nil, i)}
		if err := s.PutSample(t.Context(), sample); err != nil {
			t.Fatal(err)
		}
		bodies[fmt.Sprint(sample.At, sample.Request)] = string(sample.Body)
		if i%200 == 150 {
			s = open(t, db, f, options)
		}
		if i%10 > 0 {
			continue
		}
		count, last := 0, int64(-1)
		err := s.Samples(t.Context(), 0, maxTime, func(sample Sample) error {
			if sample.At < last || sample.At < now-1000 {
				t.Fatalf("sample of %d at %d, after one of %d", sample.At, now, last)
			}
			if want := bodies[fmt.Sprint(sample.At, sample.Request)]; string(sample.Body) != want {
				t.Fatalf("body %s, want %s", sample.Body, want)
			}
			count, last = count+1, sample.At
			return nil
		})
		if err != nil || count > 100 || count != s.samples.count || i > 200 && count < 80 {
			t.Fatalf("%d samples of %d, %v", count, s.samples.count, err)
		}
	}
	visited := 0
	err := s.Samples(t.Context(), now-50, now, func(Sample) error {
		visited++
		return store.ErrStop
	})
	if visited != 1 || err != nil {
		t.Errorf("%d visited, %v", visited, err)
	}
	if err := s.PutSample(t.Context(), Sample{Body: make([]byte, maxSample+1)}); err == nil {
		t.Error("a sample without bound was kept")
	}
}
