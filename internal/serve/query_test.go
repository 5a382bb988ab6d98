package serve_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/serve"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cases := []struct {
		model    string
		features []string
		want     string
		unknown  bool
	}{
		{"fraud", nil, "11 features, 2 roles, 1 fields", false},
		{"fraud@3", nil, "11 features, 2 roles, 1 fields", false},
		{"", []string{"spend.total", "spend.count", "spend.total"}, "2 features, 1 roles, 0 fields", false},
		{"", []string{"spend.*"}, "10 features, 1 roles, 1 fields", false},
		{"fruad", nil, `unknown model "fruad"; did you mean fraud?`, true},
		{"fraud@2", nil, `unknown model "fraud@2"; did you mean fraud@3?`, true},
		{"", []string{"spend.totl"}, "did you mean spend.total?", true},
		{"", []string{"spnd.total"}, "did you mean spend?", true},
		{"", []string{"card.spend.total"}, "leave out the role card", false},
		{"fraud", []string{"spend.total"}, "leave out one of them", false},
		{"", nil, "neither a model nor features", false},
	}
	for _, c := range cases {
		q, err := w.Resolve(c.model, c.features)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("%d features, %d roles, %d fields", len(q.Features), len(q.Roles), len(q.Request))
		}
		var invalid *serve.InvalidError
		if !strings.Contains(got, c.want) || errors.Is(err, serve.ErrUnknown) != c.unknown ||
			err != nil && !c.unknown && !errors.As(err, &invalid) {
			t.Errorf("%s %v: %s", c.model, c.features, got)
		}
	}
	w.current = nil
	if _, err := w.Resolve("fraud", nil); !errors.Is(err, serve.ErrNotReady) {
		t.Errorf("without definitions: %v", err)
	}
}

func TestResolveKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *serve.Options) { o.Queries = 2 })
	first, err := w.Resolve("fraud", nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := w.Resolve("fraud", nil); again != first {
		t.Error("a query is resolved twice")
	}
	for _, name := range []string{"spend.total", "spend.count", "spend.mean"} {
		for range 2 {
			if q, err := w.Resolve("", []string{name}); err != nil || q.Names[0] != name {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	w.current = &serve.Current{Plan: compile(t, definitions)}
	if q, err := w.Resolve("fraud", nil); err != nil || q == first {
		t.Errorf("a query outlives its definitions: %v", err)
	}
}

// TestConcurrentRequests resolves, asks and verifies at once, for the race detector.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.pay(t, event{card: "c1", shop: 7, amount: 1, status: "ok", at: start - 1})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 20 {
				q, err := w.Resolve("", []string{fmt.Sprintf("spend.%s", []string{"total", "count"}[i%2])})
				if err != nil {
					t.Error(err)
					return
				}
				rows := cardRows("c1", "c2")
				rows.Keys, rows.Request = rows.Keys[:1], nil
				if _, err := w.Ask(t.Context(), q, rows); err != nil {
					t.Error(err)
				}
			}
			if _, err := w.Verify(t.Context(), serve.VerifyOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if v := verify(t, w, serve.VerifyOptions{}); v.Answers != 160 || v.Compared != 320 || v.Mismatched != 0 {
		t.Errorf("%+v", v)
	}
}
