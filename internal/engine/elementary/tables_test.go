package elementary

import (
	"math/big"
	"testing"
)

// pairOf returns the pair nearest to a value.
func pairOf(x *big.Float) pair {
	high, _ := x.Float64()
	low, _ := number(300).Sub(x, exactly(high, 300)).Float64()
	return pair{high, low}
}

// TestTables computes the tables with package math/big.
func TestTables(t *testing.T) {
	t.Parallel()
	const bits = 300
	checked := 0
	check := func(name string, i int, table []float64, want *big.Float) {
		t.Helper()
		checked++
		if got := (pair{table[2*i], table[2*i+1]}); got != pairOf(want) {
			t.Errorf("%s %d is %x, want %x", name, i, got, pairOf(want))
		}
	}
	for j := range len(exp2Table) / 2 {
		between := bigExp2(float64(j)/128, bits)
		check("exp2Table", j, exp2Table[:], between.high)
	}
	logarithm := func(x float64) *big.Float {
		if x == 1 {
			return number(bits)
		}
		y := logBits(exactly(x, bits), bits)
		return y.Neg(y)
	}
	for i := range len(logCoarse) / 2 {
		check("logCoarse", i, logCoarse[:], logarithm(logFactor(i+logCoarseFirst)))
	}
	for i := range len(logFine) / 2 {
		check("logFine", i, logFine[:], logarithm(1-float64(float64(i-logFineMiddle)/(1<<13))))
	}
	for k := range len(sineTable) / 4 {
		angle := exactly(float64(k)/tableSteps, bits)
		check("sineTable", 2*k, sineTable[:], sineBits(angle, 0, bits))
		check("sineTable", 2*k+1, sineTable[:], sineBits(angle, 1, bits))
	}
	for k := range len(arctangentTable) / 2 {
		angle := arctangentBits(exactly(float64(k)/tableSteps, bits), bits)
		check("arctangentTable", k, arctangentTable[:], angle)
	}
	if checked < 900 {
		t.Errorf("%d entries checked", checked)
	}
}

// TestConstants computes the constants.
func TestConstants(t *testing.T) {
	t.Parallel()
	const bits = 300
	ln2, half := bigLn2(bits), bigPi(bits)
	half.SetMantExp(half, -1)
	inverse := func(x *big.Float) *big.Float { return number(bits).Quo(exactly(1, bits), x) }
	for name, c := range map[string]struct {
		got  pair
		want *big.Float
	}{
		"ln 2":    {pair{ln2High, ln2Low}, ln2},
		"1/ln 2":  {pair{invLn2High, invLn2Low}, inverse(ln2)},
		"1/ln 10": {pair{invLn10High, invLn10Low}, inverse(logBits(exactly(10, bits), bits))},
		"half pi": {pair{halfPiHigh, halfPiLow}, half},
	} {
		if c.got != pairOf(c.want) {
			t.Errorf("%s is %x, want %x", name, c.got, pairOf(c.want))
		}
	}
	far := func(want *big.Float, pieces ...float64) int {
		rest := number(bits).Set(want)
		for _, piece := range pieces {
			rest.Sub(rest, exactly(piece, bits))
		}
		return rest.MantExp(nil)
	}
	if e := far(ln2, ln2Short, ln2Rest); e > -96 {
		t.Errorf("the pieces of ln 2 are off by 2^%d", e)
	}
	step := number(bits).SetMantExp(ln2, -7)
	if e := far(step, step1, step2, step3); e > -126 {
		t.Errorf("the pieces of the step are off by 2^%d", e)
	}
	// 2/pi * pi/2 is 1 to 1280 bits.
	whole := new(big.Int)
	for _, word := range twoOverPi {
		whole.Lsh(whole, 64).Or(whole, new(big.Int).SetUint64(word))
	}
	fraction := number(1400).SetInt(whole)
	fraction.SetMantExp(fraction, -1280)
	quarter := bigPi(1400)
	fraction.Mul(fraction, quarter.SetMantExp(quarter, -1))
	if fraction.Sub(exactly(1, 1400), fraction); fraction.Sign() < 0 || fraction.MantExp(nil) > -1279 {
		t.Errorf("2/pi is off by 2^%d", fraction.MantExp(nil))
	}
}
