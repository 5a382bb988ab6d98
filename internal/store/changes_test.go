package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/store"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	var c store.Changes
	key, value := []byte("a"), []byte("1")
	for range 2 {
		c.Set(key, value)
		key[0], value[0] = 'X', 'X' // they are copied
		c.Delete([]byte("b"))
		c.DeleteRange([]byte("c"), []byte("dd"))
		c.DeleteRange([]byte("d"), []byte("c")) // empty
		c.Set([]byte("e"), nil)
		var got []string
		for change := range c.All() {
			got = append(got, fmt.Sprintf("%d %s %s", change.Kind, change.Key, change.Value))
		}
		want := []string{"0 a 1", "1 b ", "2 c dd", "0 e "}
		if !slices.Equal(got, want) || c.Len() != 4 || c.Bytes() != 7 {
			t.Errorf("got %q of %d changes in %d bytes, want %q", got, c.Len(), c.Bytes(), want)
		}
		for range c.All() {
			break
		}
		c.Reset()
		if c.Len() != 0 || c.Bytes() != 0 {
			t.Errorf("%d changes in %d bytes after a reset", c.Len(), c.Bytes())
		}
		key[0], value[0] = 'a', '1'
	}
}

func TestChangesRefuse(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(c *store.Changes){
		"a range without an end": func(c *store.Changes) { c.DeleteRange([]byte("a"), nil) },
		"an empty key":           func(c *store.Changes) { c.Set(nil, []byte("1")) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s passed", name)
				}
			}()
			call(&store.Changes{})
		}()
	}
}
