package format

import (
	"bytes"
	"strconv"
)

// exactNumber is a number as it is written: digits times ten to the power of exponent, the last
// digit not zero. Zero has no digits.
type exactNumber struct {
	negative bool
	digits   []byte
	exponent int
}

// maxExponent bounds exponents before anything is computed with them: far beyond every type.
const maxExponent = 1 << 30

// parseExact takes a valid number of JSON apart.
func parseExact(raw []byte) exactNumber {
	var n exactNumber
	if raw[0] == '-' {
		n.negative, raw = true, raw[1:]
	}
	if at := bytes.IndexAny(raw, "eE"); at >= 0 {
		exponent, err := strconv.Atoi(view(bytes.TrimPrefix(raw[at+1:], []byte("+"))))
		if err != nil || exponent > maxExponent || exponent < -maxExponent {
			exponent = maxExponent
			if raw[at+1] == '-' {
				exponent = -maxExponent
			}
		}
		n.exponent, raw = exponent, raw[:at]
	}
	whole, fraction, _ := bytes.Cut(raw, []byte("."))
	digits := append(bytes.Clone(whole), fraction...)
	n.exponent -= len(fraction)
	n.digits = bytes.TrimRight(digits, "0")
	n.exponent += len(digits) - len(n.digits)
	n.digits = bytes.TrimLeft(n.digits, "0")
	return n
}

// appendWhole appends the number in digits alone, times ten to the power of scale. It returns false
// if that is no whole number, or one of more than limit digits.
func (n exactNumber) appendWhole(dst []byte, scale, limit int) ([]byte, bool) {
	if len(n.digits) == 0 {
		return append(dst, '0'), true
	}
	zeros := n.exponent + scale
	if zeros < 0 || len(n.digits)+zeros > limit {
		return dst, false
	}
	if n.negative {
		dst = append(dst, '-')
	}
	dst = append(dst, n.digits...)
	for range zeros {
		dst = append(dst, '0')
	}
	return dst, true
}
