package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// textList is the elements of lists of texts that are being written.
type textList struct {
	offsets []uint32
	data    []byte
}

func (l *textList) add(text string) {
	l.data = append(l.data, text...)
	l.close()
}

// close ends an element whose bytes were appended to data.
func (l *textList) close() { l.offsets = append(l.offsets, uint32(len(l.data))) }

// textLists is the kernel of a function that gives a list of texts: write adds row i's.
func textLists(write func(c *call, elements *textList, i int)) kernel {
	return func(c *call) {
		elements := &textList{offsets: []uint32{0}}
		offsets := make([]uint32, 1, c.n+1)
		for i := range c.n {
			if !c.out.IsNull(i) {
				write(c, elements, i)
			}
			offsets = append(offsets, uint32(len(elements.offsets)-1))
		}
		c.out.Offsets = offsets
		c.out.Child = &batch.Column{
			Type: schema.Of(schema.String), Length: len(elements.offsets) - 1,
			Offsets: elements.offsets, Data: elements.data,
		}
	}
}

// splitRow cuts at every separator, or between all code points.
func splitRow(c *call, elements *textList, i int) {
	text, by := c.args[0].text(i), c.args[1].text(i)
	if by == "" {
		for len(text) > 0 {
			_, size := utf8.DecodeRuneInString(text)
			elements.add(text[:size])
			text = text[size:]
		}
		return
	}
	for {
		part, rest, found := strings.Cut(text, by)
		elements.add(part)
		if !found {
			return
		}
		text = rest
	}
}

// tokensRow adds the runs of letters, marks and numbers.
func tokensRow(c *call, elements *textList, i int) {
	text := c.args[0].text(i)
	begin := -1
	for at, r := range text {
		inside := unicode.In(r, unicode.L, unicode.M, unicode.N)
		switch {
		case inside && begin < 0:
			begin = at
		case !inside && begin >= 0:
			elements.data = lowerText(elements.data, text[begin:at])
			elements.close()
			begin = -1
		}
	}
	if begin >= 0 {
		elements.data = lowerText(elements.data, text[begin:])
		elements.close()
	}
}

// ngramsRow adds the runs of n code points: it moves two places n code points apart.
func ngramsRow(c *call, elements *textList, i int) {
	text := c.args[0].text(i)
	n := c.args[1].col.Ints[i&c.args[1].mask]
	if int64(utf8.RuneCountInString(text)) < n {
		return
	}
	end := len(text) - len(dropRunes(text, n))
	for begin := 0; ; {
		elements.add(text[begin:end])
		if end == len(text) {
			return
		}
		_, size := utf8.DecodeRuneInString(text[begin:])
		begin += size
		_, size = utf8.DecodeRuneInString(text[end:])
		end += size
	}
}

// joinRow leaves null elements out.
func joinRow(c *call, dst []byte, i int) []byte {
	from, to := c.args[0].extent(i)
	elements, by := c.args[0].col.Child, c.args[1].text(i)
	first := true
	for at, end := from, len(dst)+longestText; at < to && len(dst) <= end; at++ {
		if elements.IsNull(at) {
			continue
		}
		if !first {
			dst = append(dst, by...)
		}
		first = false
		dst = append(dst, elements.Text(at)...)
	}
	return dst
}
