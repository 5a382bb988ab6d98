package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/plan"
)

// textRows is the kernel of a function that gives a text: write appends row i's to dst. Rows must
// be written in their order, because each offset is the end of the one before.
func textRows(write func(c *call, dst []byte, i int) []byte) kernel {
	return func(c *call) {
		for i := range c.n {
			if !c.out.IsNull(i) {
				c.out.Data = write(c, c.out.Data, i)
			}
			c.out.Offsets = append(c.out.Offsets, uint32(len(c.out.Data)))
		}
	}
}

// longestText is how many bytes a text can have that is put together from others. Without a bound,
// features that each double the one before would take all memory after some thirty of them.
const longestText = 1 << 20

// joinedRows is textRows for functions whose result may be far longer than their arguments: beyond
// longestText it is null, counted. A write that has gone beyond may stop.
func joinedRows(write func(c *call, dst []byte, i int) []byte) kernel {
	return textRows(func(c *call, dst []byte, i int) []byte {
		start := len(dst)
		if dst = write(c, dst, i); len(dst)-start > longestText {
			dst = dst[:start]
			c.overflow(i)
		}
		return dst
	})
}

// eachText is the kernel of a function of one text.
func eachText(write func(dst []byte, text string) []byte) kernel {
	return textRows(func(c *call, dst []byte, i int) []byte { return write(dst, c.args[0].text(i)) })
}

// mapCase changes each character by a simple mapping; bytes that are not UTF-8 stay. A simple
// mapping makes one character of one, and is the same in every language.
func mapCase(dst []byte, text string, mapping func(rune) rune) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, text[0])
		} else {
			dst = utf8.AppendRune(dst, mapping(r))
		}
		text = text[size:]
	}
	return dst
}

func lowerText(dst []byte, text string) []byte { return mapCase(dst, text, unicode.ToLower) }

func upperText(dst []byte, text string) []byte { return mapCase(dst, text, unicode.ToUpper) }

func trimText(dst []byte, text string) []byte { return append(dst, strings.TrimSpace(text)...) }

func trimLeft(dst []byte, text string) []byte {
	return append(dst, strings.TrimLeftFunc(text, unicode.IsSpace)...)
}

func trimRight(dst []byte, text string) []byte {
	return append(dst, strings.TrimRightFunc(text, unicode.IsSpace)...)
}

// concatRow is null if any argument is, like every kernel.
func concatRow(c *call, dst []byte, i int) []byte {
	for _, arg := range c.args {
		dst = append(dst, arg.text(i)...)
	}
	return dst
}

// replaceRow replaces from left to right and does not look again at what it put in. An empty text
// is found nowhere.
func replaceRow(c *call, dst []byte, i int) []byte {
	text, from, to := c.args[0].text(i), c.args[1].text(i), c.args[2].text(i)
	for end := len(dst) + longestText; from != "" && len(dst) <= end; {
		before, after, found := strings.Cut(text, from)
		if !found {
			break
		}
		dst = append(append(dst, before...), to...)
		text = after
	}
	return append(dst, text...)
}

// substrRow appends the code points from a position, which counts from 1, or from the end.
// Positions before the first stand for it. A negative length is null and not counted.
func substrRow(c *call, dst []byte, i int) []byte {
	text := c.args[0].text(i)
	from := c.args[1].col.Ints[i&c.args[1].mask]
	// No text has more code points than bytes, so this takes all that is left.
	length := int64(len(text))
	if len(c.args) == 3 {
		if length = c.args[2].col.Ints[i&c.args[2].mask]; length < 0 {
			c.fail(i)
			return dst
		}
	}
	if from < 0 {
		from += int64(utf8.RuneCountInString(text)) + 1
	}
	text = dropRunes(text, max(from, 1)-1)
	return append(dst, text[:len(text)-len(dropRunes(text, length))]...)
}

// dropRunes returns the text after its first n code points. Bytes that are not UTF-8 count one
// each.
func dropRunes(text string, n int64) string {
	for at := range text {
		if n == 0 {
			return text[at:]
		}
		n--
	}
	return ""
}

// lengthText counts code points, and lengthBytes bytes.
func lengthText(c *call) {
	for i := range c.out.Ints {
		if !c.out.IsNull(i) {
			c.out.Ints[i] = int64(utf8.RuneCountInString(c.args[0].text(i)))
		}
	}
}

// lengthBytes: see lengthText.
func lengthBytes(c *call) {
	for i := range c.out.Ints {
		if !c.out.IsNull(i) {
			c.out.Ints[i] = int64(len(c.args[0].text(i)))
		}
	}
}

// testText is the kernel of a question about two texts.
func testText(holds func(text, part string) bool) kernel {
	return func(c *call) {
		for i := range c.out.Bools {
			if !c.out.IsNull(i) {
				c.out.Bools[i] = holds(c.args[0].text(i), c.args[1].text(i))
			}
		}
	}
}

// bindLike binds like(x, pattern, [escape]). An escape that is not one character gives null,
// uncounted.
func bindLike(e *plan.Expr, args []evaluator) (evaluator, error) {
	return strict(args, e.Type, func(c *call) {
		for i := range c.out.Bools {
			if c.out.IsNull(i) {
				continue
			}
			escape := rune(-1)
			if len(c.args) == 3 {
				text := c.args[2].text(i)
				if utf8.RuneCountInString(text) != 1 {
					c.fail(i)
					continue
				}
				escape, _ = utf8.DecodeRuneInString(text)
			}
			c.out.Bools[i] = like(c.args[0].text(i), c.args[1].text(i), escape)
		}
	}), nil
}

// like matches the whole text. It remembers the last % only: an earlier one never has to take more,
// so that the work is at most the product of the two lengths. An escape at the very end of the
// pattern stands for itself.
func like(text, pattern string, escape rune) bool {
	resumeText, resumePattern := "", ""
	percent := false
	for {
		p, size := utf8.DecodeRuneInString(pattern)
		t, width := utf8.DecodeRuneInString(text)
		literal := false
		if size > 0 && p == escape && size < len(pattern) {
			next, more := utf8.DecodeRuneInString(pattern[size:])
			p, size, literal = next, size+more, true
		}
		switch {
		case size > 0 && p == '%' && !literal:
			percent, resumeText, resumePattern = true, text, pattern[size:]
			pattern = resumePattern
		case size == 0 && width == 0:
			return true
		case size > 0 && width > 0 && (p == t || p == '_' && !literal):
			text, pattern = text[width:], pattern[size:]
		case !percent || resumeText == "":
			return false
		default:
			_, step := utf8.DecodeRuneInString(resumeText)
			resumeText = resumeText[step:]
			text, pattern = resumeText, resumePattern
		}
	}
}
