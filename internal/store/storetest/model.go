package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/store"
)

// Model is the oracle of a store: the simplest thing that does what store.Online says.
type Model map[string]string

// Apply does what the store should do.
func (m Model) Apply(changes *store.Changes) {
	for change := range changes.All() {
		switch change.Kind {
		case store.Set:
			m[string(change.Key)] = string(change.Value)
		case store.Delete:
			delete(m, string(change.Key))
		case store.DeleteRange:
			maps.DeleteFunc(m, func(key, _ string) bool {
				return key >= string(change.Key) && key < string(change.Value)
			})
		}
	}
}

// Rows are the rows from <= key < to as Scan should give them, as text; an empty to has no end.
func (m Model) Rows(from, to string) []string {
	var rows []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key >= from && (to == "" || key < to) {
			rows = append(rows, fmt.Sprintf("%q=%q", key, m[key]))
		}
	}
	return rows
}

// Rows are the rows that a store gives, as text like those of Model.
func Rows(ctx context.Context, db store.Online, from, to string) ([]string, error) {
	var rows []string
	err := db.Scan(ctx, []byte(from), []byte(to), func(key, value []byte) error {
		rows = append(rows, fmt.Sprintf("%q=%q", key, value))
		return nil
	})
	return rows, err
}

// Compare fails the test if the store holds anything else than the model.
func Compare(ctx context.Context, t *testing.T, db store.Online, want Model) {
	t.Helper()
	got, err := Rows(ctx, db, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if rows := want.Rows("", ""); !slices.Equal(got, rows) {
		t.Fatalf("the store has %d rows, the model %d:\ngot  %.2000v\nwant %.2000v",
			len(got), len(rows), got, rows)
	}
}

// changes builds a batch from words: "k=v" sets, "-k" deletes, "-k..l" deletes a range.
func changes(words ...string) *store.Changes {
	c := &store.Changes{}
	for _, word := range words {
		rest, deletes := bytes.CutPrefix([]byte(word), []byte("-"))
		from, to, ranged := bytes.Cut(rest, []byte(".."))
		key, value, _ := bytes.Cut(rest, []byte("="))
		switch {
		case !deletes:
			c.Set(key, value)
		case ranged:
			c.DeleteRange(from, to)
		default:
			c.Delete(rest)
		}
	}
	return c
}
