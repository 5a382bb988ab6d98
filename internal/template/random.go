package template

import "math/bits"

// random is the SplitMix64 sequence: small, and the same for ever, which the generators of the
// standard library promise only in part.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n).
func (r *random) below(n int64) int64 {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int64(high)
}

// between returns a number in [from, to].
func (r *random) between(from, to int64) int64 { return from + r.below(to-from+1) }

// chance is true in a share of cases given in thousandths.
func (r *random) chance(perMille int64) bool { return r.below(1000) < perMille }

// skewed returns a number in [0, n), small ones far more often: the product of two uniform ones.
func (r *random) skewed(n int64) int64 { return r.below(n) * r.below(n) / n }
