package builtin

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
)

const skipped = "nulls are skipped"

// aggregate returns a row that depends on no order.
func aggregate(name, empty, doc, example string, signatures ...string) Function {
	return Function{
		Name: name, Aggregate: true, Ready: true, Signatures: signatures, Doc: doc, Nulls: skipped,
		Empty: empty, Ties: "no matter: equal values are the same", Errors: "none", Example: example,
	}
}

// described returns the row with what bad arguments give and where the formula is from.
func described(f Function, errors, source string) Function {
	f.Errors, f.Source = errors, source
	return f
}

const (
	distinctCap = "more than 10,000 distinct values in the window: null, status error, reason cap"
	valueCap    = "more than 10,000 values in the window: null, status error, reason cap"
	byFrequency = "the more frequent value comes first, of equally frequent ones the lesser"
	notFinite   = "null, counted, if a number on the way or the result is not finite"
)

func aggregates() []Function {
	count := aggregate("count", "0", "The number of events; of a value, of the events where it is not null; "+
		"of a distinct value, of the different ones.", "count() over 30d, count(distinct merchant) over 7d",
		"count() -> int64", "count(x: any) -> int64")
	count.Errors = distinctCap
	sum := aggregate("sum", "null", "The exact sum; for float64 rounded once, half to even.",
		"sum(amount) over 7d", "sum(x: N) -> N")
	sum.Errors = "null, counted, if the sum does not fit or is not finite"
	avg := aggregate("avg", "null", "The mean: the sum divided by the count; of decimals with six digits more, "+
		"rounded half to even.", "avg(amount) over 30d", "avg(x: decimal) -> decimal(x+6)", "avg(x: number) -> float64")
	avg.Errors = sum.Errors
	any := aggregate("any", "null", "Whether it is true for one event.", "any(is_fraud) over 30d", "any(c: bool) -> bool")
	all := aggregate("all", "null", "Whether it is true for every event.", "all(is_paid) over 30d", "all(c: bool) -> bool")
	return slicesOf("aggregate", []Function{
		count,
		aggregate("count_if", "0", "The number of events for which it is true.", "count_if(amount > 100) over 7d",
			"count_if(c: bool) -> int64"),
		approxDistinct(), sum, avg,
		aggregate("min", "null", "The least value; text bytewise, false before true.", "min(amount) over 30d", "min(x: O) -> O"),
		aggregate("max", "null", "The greatest value; text bytewise, false before true.", "max(amount) over 30d", "max(x: O) -> O"),
		any, all,
	}, frequencies(), extremes())
}

func approxDistinct() Function {
	f := aggregate("approx_distinct", "0", "About the number of different values, with a standard error of 0.8 %: "+
		"HyperLogLog of 2^14 registers over hash64(x). The top 14 bits of a hash choose the register, which holds the "+
		"greatest of 1 + the number of leading zeros of the other 50 bits (51 if all are zero). The improved estimator of "+
		"the register histogram, rounded to the nearest integer, half to even.",
		"approx_distinct(merchant) over 30d", "approx_distinct(x: O) -> int64")
	f.Source = "O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017, algorithm 6"
	return f
}

// frequencies are the aggregates of how often each value occurs.
func frequencies() []Function {
	mode := aggregate("mode", "null", "The most frequent value.", "mode(merchant) over 30d", "mode(x: O) -> O")
	topK := aggregate("top_k", "[]", "The k most frequent values, the most frequent first; all of them if there "+
		"are fewer.", "top_k(merchant, 3) over 30d", "top_k(x: O, k: literal int64 1..10000) -> list<O>")
	histogram := aggregate("histogram", "{}", "How often each value occurs, by the value as cast(x as string) "+
		"writes it.", "histogram(status) over 30d", "histogram(x: string) -> map<int64>", "histogram(x: bool) -> map<int64>",
		"histogram(x: int64) -> map<int64>", "histogram(x: decimal) -> map<int64>", "histogram(x: float64) -> map<int64>",
		"histogram(x: timestamp) -> map<int64>", "histogram(x: date) -> map<int64>", "histogram(x: duration) -> map<int64>")
	set := aggregate("collect_set", "[]", "The different values, ascending.", "collect_set(country) over 30d",
		"collect_set(x: O) -> list<O>")
	entropy := aggregate("entropy", "null", "The entropy of the distribution of values, in nats: with p the float64 "+
		"quotient of a value's count and the number of values, minus the exact sum over the different values of the "+
		"float64 products p * ln(p), rounded once.", "entropy(merchant) over 30d", "entropy(x: O) -> float64")
	rows := []Function{mode, topK, histogram, set, entropy}
	for i := range rows {
		rows[i].Errors = distinctCap
	}
	rows[0].Ties, rows[1].Ties = byFrequency, byFrequency
	rows[4].Source = "C. E. Shannon, A mathematical theory of communication, 1948"
	return rows
}

// extremes are the aggregates of the values at the ends of their order.
func extremes() []Function {
	row := func(name, doc string) Function {
		return aggregate(name, "[]", doc+" A value that occurs n times is there n times; all values if there are "+
			"fewer than k.", name+"(amount, 3) over 30d", name+"(x: O, k: literal int64 1..10000) -> list<O>")
	}
	return []Function{
		row("largest", "The k greatest values, descending."), row("smallest", "The k least values, ascending."),
	}
}

// inOrder returns a row whose value depends on the total order of events.
func inOrder(name, empty, doc, example string, signatures ...string) Function {
	f := aggregate(name, empty, doc, example, signatures...)
	f.Ties = "the order of events: time, sequence, position"
	return f
}

func orderedAggregates() []Function {
	first := inOrder("first", "null", "The oldest value; of n, the list of the n oldest, the oldest first; all values if "+
		"there are fewer.", "first(country) over all", "first(x: T) -> T",
		"first(x: T, n: literal int64 1..10000) -> list<T>")
	last := inOrder("last", "null", "The newest value; of n, the list of the n newest, the newest first; all values if "+
		"there are fewer.", "last(country) over 30d, last(merchant, 5) over 30d", "last(x: T) -> T",
		"last(x: T, n: literal int64 1..10000) -> list<T>")
	first.Empty, last.Empty = "null; of n, []", "null; of n, []"
	by := func(name, doc string) Function {
		f := inOrder(name, "null", doc, name+"(merchant, amount) over 7d", name+"(v: T, x: O) -> T")
		f.Nulls, f.Ties = "events with a null x are skipped; a null v of the event found is the result", "the newest event of equal x"
		return f
	}
	distinct := func(name, doc string) Function {
		return inOrder(name, "[]", doc, name+"(merchant, 3) over 30d", name+"(x: O, n: literal int64 1..10000) -> list<O>")
	}
	ordered := []Function{
		first, last,
		distinct("first_distinct", "The different values in the order of their oldest events in the window, the oldest "+
			"first; the first n of them."),
		distinct("last_distinct", "The different values in the order of their newest events in the window, the newest "+
			"first; the first n of them."),
		inOrder("collect", "[]", "The newest n values, the oldest of them first; all values if there are fewer.",
			"collect(amount, 100) over 30d", "collect(x: T, n: literal int64 1..10000) -> list<T>"),
		by("min_by", "The v of the event with the least x."), by("max_by", "The v of the event with the greatest x."),
	}
	return slicesOf("aggregate", ordered, sequences())
}

// sequences are the aggregates over a number of events only.
func sequences() []Function {
	const rowsOnly = " Only over last N, whose nulls are skipped after the N events are chosen."
	row := func(name, empty, doc, example, signature string) Function {
		return inOrder(name, empty, doc+rowsOnly, example, signature)
	}
	return []Function{
		row("ewma", "null", "The exponentially weighted mean: e is the oldest x, then for each newer x in order "+
			"e = a*x + (1-a)*e, every operation rounded to float64.",
			"ewma(amount, 0.3) over last 20", "ewma(x: float64, a: literal float64 0..1) -> float64"),
		row("lag", "null", "The x of the k-th event before the newest, of those with an x; null if there are not more "+
			"than k.", "lag(amount, 1) over last 20", "lag(x: T, k: literal int64 0..10000) -> T"),
		described(row("delta", "null", "The newest x minus the one before it; null if there is only one.",
			"delta(amount) over last 2", "delta(x: N) -> N"),
			"null, counted, if the difference does not fit or is not finite", ""),
		row("streak", "0", "The number of true events after the newest false one, or of all if none is false.",
			"streak(won) over last 50", "streak(c: bool) -> int64"),
	}
}

func numericAggregates() []Function {
	return slicesOf("aggregate", spreads(), moments(), quantiles(), decays())
}

func spreads() []Function {
	row := func(name, doc, single string) Function {
		f := aggregate(name, "null", doc+" From the exact sums of x and x*x, formed exactly and rounded once before the "+
			"division.", name+"(amount) over 30d", name+"(x: number) -> float64")
		f.Errors = "of one value " + single + "; null, counted, if not finite"
		return f
	}
	return []Function{
		row("var", "The sample variance, as var_samp.", "null"), row("var_samp", "The sample variance.", "null"),
		row("var_pop", "The population variance.", "0.0"),
		row("stddev", "The sample standard deviation, as stddev_samp.", "null"),
		row("stddev_samp", "The sample standard deviation.", "null"),
		row("stddev_pop", "The population standard deviation.", "0.0"),
	}
}

func moments() []Function {
	pair := func(name, doc, errors, source string) Function {
		f := aggregate(name, "null", doc+" With n pairs, a = n*Sxy - Sx*Sy, b = n*Sxx - Sx*Sx and c = n*Syy - Sy*Sy, "+
			"of exact sums, each formed exactly and rounded once.", name+"(amount, age) over 30d", name+"(y: number, x: number) -> float64")
		f.Nulls = "events with a null y or x are skipped"
		return described(f, "null for fewer than two pairs"+errors+"; "+notFinite, source)
	}
	power := func(name, doc, few, source string) Function {
		f := aggregate(name, "null", doc+" m2, m3 and m4 are the means of the powers of x minus the mean: each formed "+
			"exactly and rounded once.", name+"(amount) over 30d", name+"(x: number) -> float64")
		return described(f, "null for fewer than "+few+" values or if m2 is 0; "+notFinite, source)
	}
	const pearson = "K. Pearson, Notes on regression and inheritance, 1895"
	return []Function{
		pair("covar", "The population covariance, a / float64(n*n).", "", pearson),
		pair("corr", "The correlation, a / (sqrt(b)*sqrt(c)), at least -1 and at most 1.", " or if b or c is 0", pearson),
		pair("slope", "The slope of the regression line of y on x, a / b.", " or if b is 0", "the method of least squares"),
		power("skew", "The skewness of the population, m3 / (m2 * sqrt(m2)).", "three", "R. A. Fisher's g1, of population moments"),
		power("kurtosis", "The excess kurtosis of the population, m4 / (m2*m2) - 3.", "four", "R. A. Fisher's g2, of population moments"),
	}
}

func quantiles() []Function {
	const p = ", p: literal float64 0..1) -> float64"
	const hyndman = "R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, 1996, definition 7"
	const doc = "The value at position p*(n-1) of the n sorted values, the least at 0: with f the part of the position behind the " +
		"point, lo + f*(hi - lo) of its two neighbours. Each value is first rounded to the nearest float64."
	approximate := "percentile(x, p) within 1 %, of any number of values: as percentile, after each x is replaced by the middle of its " +
		"bucket. There are 64 buckets of equal width in each power of two, mirrored for negative x; less than 2^-1022 is 0."
	return []Function{
		described(aggregate("percentile", "null", doc, "percentile(amount, 0.95) over 30d", "percentile(x: number"+p), valueCap, hyndman),
		described(aggregate("median", "null", "percentile(x, 0.5).", "median(amount) over 30d", "median(x: number) -> float64"), valueCap, hyndman),
		described(aggregate("approx_percentile", "null", approximate, "approx_percentile(amount, 0.95) over 30d",
			"approx_percentile(x: number"+p), "none", hyndman),
	}
}

// checkHalfLife refuses a half-life that makes no tile, or one longer than any window.
func checkHalfLife(h schema.Value) error {
	const longest = 3660 * schema.Day
	if h.Int < 1 || h.Int > longest {
		return fmt.Errorf("a half-life is from 1us to 3660d, given %s", h)
	}
	return nil
}

func decays() []Function {
	const tiles = " Tile k holds the events with k = floor(t / 64h) and begins at s = 64h*k. S, the exact sum of its float64 terms x * " +
		"exp2((t-s)/h), is rounded once; the value is the exact sum over tiles of the float64 products S * exp2(-(b-s)/h), rounded once, " +
		"with b the boundary of the view."
	const bound = "h is from 1us to 3660d; "
	return []Function{
		described(aggregate("decayed_sum", "null", "The sum of values that lose half their weight every h."+tiles,
			"decayed_sum(amount, 7d) over all", "decayed_sum(x: number, h: literal duration) -> float64"), bound+notFinite, ""),
		described(aggregate("decayed_count", "0.0", "The number of events, each of which loses half its weight every h: as "+
			"decayed_sum of 1.0.", "decayed_count(7d) over all", "decayed_count(h: literal duration) -> float64"), bound+notFinite, ""),
	}
}
