package format

import (
	"encoding/binary"
	"strings"
)

const (
	// maxDictionary is the most values of a dictionary: codes of 16 bits still pay.
	maxDictionary = 1 << 16
	// maxDictionaryBytes is the most bytes of its values: readers hold a dictionary in memory.
	maxDictionaryBytes = 1 << 20
)

// dictionary numbers the different values of a column within a row group, in the order in which
// they first occur.
type dictionary struct {
	size  int // bytes of a value, 0 if they vary
	plain []byte
	texts map[string]int32
	full  bool // later pages are stored plainly
	words words
}

func newDictionary(size int) *dictionary {
	return &dictionary{size: size}
}

// length returns the number of values in plain. A word that did not fit any more is not there.
func (d *dictionary) length() int {
	if d.size > 0 {
		return len(d.plain) / d.size
	}
	return len(d.texts)
}

// text returns the code of a text, or false if the dictionary is full.
func (d *dictionary) text(value string) (int32, bool) {
	if code, found := d.texts[value]; found {
		return code, true
	}
	if len(d.texts) == maxDictionary || len(d.plain)+len(value)+4 > maxDictionaryBytes {
		return 0, false
	}
	if d.texts == nil {
		d.texts = map[string]int32{}
	}
	code := int32(len(d.texts))
	d.texts[strings.Clone(value)] = code
	d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(value)))
	d.plain = append(d.plain, value...)
	return code, true
}

// words numbers the different values of up to eight bytes. It is an open table of places.
type words struct {
	used   int
	values []uint64
	codes  []int32 // code + 1; 0: the place is free
}

// code returns the code of a word, or false if the dictionary is full. fresh says that the word is
// new.
func (w *words) code(x uint64) (code int32, fresh, ok bool) {
	if 2*w.used >= len(w.values) {
		w.grow()
	}
	mask := uint64(len(w.values) - 1)
	at := x * 0x9E3779B97F4A7C15
	for at ^= at >> 32; ; at++ {
		switch place := at & mask; {
		case w.codes[place] == 0:
			if w.used == maxDictionary {
				return 0, false, false
			}
			w.used++
			w.values[place], w.codes[place] = x, int32(w.used)
			return int32(w.used - 1), true, true
		case w.values[place] == x:
			return w.codes[place] - 1, false, true
		}
	}
}

func (w *words) grow() {
	old := *w
	n := max(256, 2*len(old.values))
	w.values, w.codes = make([]uint64, n), make([]int32, n)
	mask := uint64(n - 1)
	for i, code := range old.codes {
		if code == 0 {
			continue
		}
		at := old.values[i] * 0x9E3779B97F4A7C15
		for at ^= at >> 32; w.codes[at&mask] != 0; at++ {
		}
		w.values[at&mask], w.codes[at&mask] = old.values[i], code
	}
}
