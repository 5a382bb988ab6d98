package expr

// pairsOfFloats is the kernel of a function of two float64. What is not finite is dropped and
// counted.
func pairsOfFloats(f func(x, y float64) float64) kernel {
	return func(c *call) {
		a, am := c.floats(0)
		b, bm := c.floats(1)
		bad := false
		for i := range c.out.Floats {
			r := f(a[i&am], b[i&bm]) + 0
			bad = bad || r-r != 0
			c.out.Floats[i] = r
		}
		if bad {
			c.dropNonFinite()
		}
	}
}
