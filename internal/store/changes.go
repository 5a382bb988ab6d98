package store

import (
	"bytes"
	"iter"
)

// Kind says what a change does.
type Kind uint8

// The kinds of changes.
const (
	Set Kind = iota
	Delete
	DeleteRange
)

// Change is one step of Changes. Key and Value belong to the Changes and must not be written to.
type Change struct {
	Kind Kind
	// Key is what is set or deleted, or where a range begins.
	Key []byte
	// Value is what is set, or where a range ends; the end is not deleted.
	Value []byte
}

// Changes is a list of changes to be applied together. A later one wins over those before it. The
// zero value is ready. Keys and values are copied, so the caller may reuse them.
type Changes struct {
	steps []step
	data  []byte
}

// step is a change whose key begins at and whose value begins after it, in the data.
type step struct {
	kind       Kind
	at         int
	key, value int
}

// Set gives a key a value, whatever it had. An empty key is a bug of the caller: not every backend
// can order it.
func (c *Changes) Set(key, value []byte) {
	if len(key) == 0 {
		panic("BUG: Set of an empty key")
	}
	c.add(Set, key, value)
}

// Delete removes a key, if it is there.
func (c *Changes) Delete(key []byte) { c.add(Delete, key, nil) }

// DeleteRange removes the keys from <= key < to. A range cannot be open: an empty to is a bug of
// the caller, for it could delete everything.
func (c *Changes) DeleteRange(from, to []byte) {
	if len(to) == 0 {
		panic("BUG: DeleteRange without an end")
	}
	if bytes.Compare(from, to) < 0 {
		c.add(DeleteRange, from, to)
	}
}

func (c *Changes) add(kind Kind, key, value []byte) {
	c.steps = append(c.steps, step{kind: kind, at: len(c.data), key: len(key), value: len(value)})
	c.data = append(append(c.data, key...), value...)
}

// Len is the number of changes.
func (c *Changes) Len() int { return len(c.steps) }

// Bytes is the size of all keys and values together.
func (c *Changes) Bytes() int { return len(c.data) }

// Reset empties the list and keeps its memory.
func (c *Changes) Reset() { c.steps, c.data = c.steps[:0], c.data[:0] }

// All are the changes in their order. They are valid until the list is changed.
func (c *Changes) All() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for _, s := range c.steps {
			split, end := s.at+s.key, s.at+s.key+s.value
			change := Change{Kind: s.kind, Key: c.data[s.at:split:split], Value: c.data[split:end:end]}
			if !yield(change) {
				return
			}
		}
	}
}
