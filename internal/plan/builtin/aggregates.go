package builtin

const skipped = "nulls are skipped"

// aggregate returns a row that depends on no order.
func aggregate(name, empty, doc, example string, signatures ...string) Function {
	return Function{
		Name: name, Aggregate: true, Ready: true, Signatures: signatures, Doc: doc, Nulls: skipped,
		Empty: empty, Ties: "no matter: equal values are the same", Errors: "none", Example: example,
	}
}

func notYet(f Function) Function {
	f.Ready = false
	return f
}

func aggregates() []Function {
	count := aggregate("count", "0", "The number of events; of a value, of the events where it is not null; "+
		"of a distinct value, of the different ones.", "count() over 30d, count(distinct merchant) over 7d",
		"count() -> int64", "count(x: any) -> int64")
	count.Errors = "more than 10,000 distinct values: null, status error, reason cap"
	sum := aggregate("sum", "null", "The exact sum; for float64 rounded once, half to even.",
		"sum(amount) over 7d", "sum(x: N) -> N")
	sum.Errors = "null, counted, if the sum does not fit or is not finite"
	avg := aggregate("avg", "null", "The mean: the sum divided by the count; of decimals with six digits more, "+
		"rounded half to even.", "avg(amount) over 30d", "avg(x: decimal) -> decimal(x+6)", "avg(x: number) -> float64")
	avg.Errors = sum.Errors
	any := aggregate("any", "null", "Whether it is true for one event.", "any(is_fraud) over 30d", "any(c: bool) -> bool")
	all := aggregate("all", "null", "Whether it is true for every event.", "all(is_paid) over 30d", "all(c: bool) -> bool")
	approximate := notYet(aggregate("approx_distinct", "0", "About the number of different values: HyperLogLog of 2^14 "+
		"registers over XXH3-64, improved estimator.", "approx_distinct(merchant) over 30d", "approx_distinct(x: any) -> int64"))
	approximate.Source = "O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017"
	return slicesOf("aggregate", []Function{
		count,
		aggregate("count_if", "0", "The number of events for which it is true.", "count_if(amount > 100) over 7d",
			"count_if(c: bool) -> int64"),
		approximate, sum, avg,
		aggregate("min", "null", "The least value; text bytewise, false before true.", "min(amount) over 30d", "min(x: O) -> O"),
		aggregate("max", "null", "The greatest value; text bytewise, false before true.", "max(amount) over 30d", "max(x: O) -> O"),
		any, all,
		notYet(aggregate("mode", "null", "The most frequent value.", "mode(merchant) over 30d", "mode(x: O) -> O")),
		notYet(aggregate("top_k", "[]", "The k most frequent values.", "top_k(merchant, 3) over 30d",
			"top_k(x: O, k: literal int64 1..10000) -> list<O>")),
		notYet(aggregate("histogram", "{}", "How often each value occurs.", "histogram(status) over 30d",
			"histogram(x: O) -> map<int64>")),
		notYet(aggregate("largest", "[]", "The k greatest values, descending.", "largest(amount, 3) over 30d",
			"largest(x: O, k: literal int64 1..10000) -> list<O>")),
		notYet(aggregate("smallest", "[]", "The k least values, ascending.", "smallest(amount, 3) over 30d",
			"smallest(x: O, k: literal int64 1..10000) -> list<O>")),
		notYet(aggregate("collect_set", "[]", "The different values, ascending.", "collect_set(country) over 30d",
			"collect_set(x: O) -> list<O>")),
	})
}

// inOrder returns a row whose value depends on the total order of events.
func inOrder(name, empty, doc, example string, signatures ...string) Function {
	f := aggregate(name, empty, doc, example, signatures...)
	f.Ties = "the order of events: time, sequence, position"
	return f
}

func orderedAggregates() []Function {
	first := inOrder("first", "null", "The oldest value; of n, the n oldest, the oldest first.", "first(country) over all", "first(x: any) -> any")
	last := inOrder("last", "null", "The newest value; of n, the n newest, the newest first.", "last(country) over 30d", "last(x: any) -> any")
	first.Signatures, last.Signatures = []string{"first(x: T) -> T"}, []string{"last(x: T) -> T"}
	first.Later = []string{"first(x: T, n: literal int64 1..10000) -> list<T>"}
	last.Later = []string{"last(x: T, n: literal int64 1..10000) -> list<T>"}
	first.Empty, last.Empty = "null; of n, []", "null; of n, []"
	by := func(name, doc string) Function {
		f := notYet(inOrder(name, "null", doc, name+"(merchant, amount) over 7d", name+"(v: T, x: O) -> T"))
		f.Nulls, f.Ties = "events with a null x are skipped, v may be null", "the newest"
		return f
	}
	const rowsOnly = "only over last N"
	ordered := []Function{
		first, last,
		notYet(inOrder("first_distinct", "[]", "The n different values that came first.", "first_distinct(merchant, 3) over 30d",
			"first_distinct(x: O, n: literal int64 1..10000) -> list<O>")),
		notYet(inOrder("last_distinct", "[]", "The n different values that came last, the newest first.",
			"last_distinct(merchant, 3) over 30d", "last_distinct(x: O, n: literal int64 1..10000) -> list<O>")),
		notYet(inOrder("collect", "[]", "The newest n values, the oldest first.", "collect(amount, 100) over 30d",
			"collect(x: T, n: literal int64 1..10000) -> list<T>")),
		by("min_by", "The v of the event with the least x."), by("max_by", "The v of the event with the greatest x."),
		notYet(inOrder("ewma", "null", "The exponentially weighted mean e = a*x + (1-a)*e, from the first x on; "+rowsOnly+".",
			"ewma(amount, 0.3) over last 20", "ewma(x: float64, a: literal float64 0..1) -> float64")),
		notYet(inOrder("lag", "null", "The x of the event k before the newest; "+rowsOnly+".", "lag(amount, 1) over last 20",
			"lag(x: T, k: literal int64 0..10000) -> T")),
		notYet(inOrder("delta", "null", "The newest x minus the one before; "+rowsOnly+".", "delta(amount) over last 2",
			"delta(x: N) -> N")),
		notYet(inOrder("streak", "0", "The length of the newest run of true; "+rowsOnly+".", "streak(won) over last 50",
			"streak(c: bool) -> int64")),
	}
	return slicesOf("aggregate", ordered)
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
	row := func(name, params, doc, errors string) Function {
		f := notYet(aggregate(name, "null", doc, name+"(amount) over 30d", name+"("+params+") -> float64"))
		f.Errors = errors
		return f
	}
	const two = "null for fewer than two events or a zero divisor"
	pair := func(name, doc string) Function {
		f := row(name, "y: number, x: number", doc, two)
		f.Nulls = "events with a null y or x are skipped"
		f.Example = name + "(amount, age) over 30d"
		return f
	}
	return []Function{
		pair("covar", "The population covariance."), pair("corr", "The correlation, from -1 to 1."),
		pair("slope", "The slope of the regression line of y on x."),
		row("skew", "x: number", "The skewness, of population moments.", "null for fewer than three events or a constant"),
		row("kurtosis", "x: number", "The excess kurtosis, of population moments.", "null for fewer than four events or a constant"),
		row("entropy", "x: ordered", "The entropy of the distribution of values, in nats.", "none"),
	}
}

func quantiles() []Function {
	return []Function{
		notYet(aggregate("percentile", "null", "The value at position p(n-1) of the sorted values, with linear interpolation.",
			"percentile(amount, 0.95) over 30d", "percentile(x: number, p: literal float64 0..1) -> float64")),
		notYet(aggregate("median", "null", "percentile(x, 0.5).", "median(amount) over 30d", "median(x: number) -> float64")),
		notYet(aggregate("approx_percentile", "null", "percentile within 1 %: buckets of 64 linear steps per power of two.",
			"approx_percentile(amount, 0.95) over 30d", "approx_percentile(x: number, p: literal float64 0..1) -> float64")),
	}
}

func decays() []Function {
	return []Function{
		notYet(aggregate("decayed_sum", "null", "The sum of values that lose half their weight every h.",
			"decayed_sum(amount, 7d) over all", "decayed_sum(x: number, h: literal duration) -> float64")),
		notYet(aggregate("decayed_count", "0.0", "The number of events that lose half their weight every h.",
			"decayed_count(7d) over all", "decayed_count(h: literal duration) -> float64")),
	}
}
