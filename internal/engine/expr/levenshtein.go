package expr

// longestEdited bounds the code points of the arguments of levenshtein: the work is their product.
const longestEdited = 4096

// levenshtein is the kernel of the edit distance. Too long a text is null and counted.
func levenshtein(c *call) {
	var x, y []rune
	var row []int
	for i := range c.out.Ints {
		if c.out.IsNull(i) {
			continue
		}
		var fits bool
		if x, fits = appendRunes(x[:0], c.args[0].text(i)); fits {
			y, fits = appendRunes(y[:0], c.args[1].text(i))
		}
		if !fits {
			c.overflow(i)
			continue
		}
		c.out.Ints[i], row = distanceOf(x, y, row)
	}
}

// appendRunes stops where a text is too long. A byte that is not UTF-8 counts as U+FFFD.
func appendRunes(dst []rune, text string) ([]rune, bool) {
	for _, r := range text {
		if len(dst) == longestEdited {
			return dst, false
		}
		dst = append(dst, r)
	}
	return dst, true
}

// distanceOf keeps one row of the table of Wagner and Fischer: row[j] is the distance of what was
// read of x from the first j of y. What the texts begin and end with alike costs nothing.
func distanceOf(x, y []rune, row []int) (int64, []int) {
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	row = row[:0]
	for j := range len(y) + 1 {
		row = append(row, j)
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return int64(row[len(y)]), row
}
