package builtin

func nullFunctions() []Function {
	return slicesOf("null", []Function{{
		Name: "coalesce", Ready: true, Signatures: []string{"coalesce(x: T...) -> T"},
		Doc: "The first argument that is not null.", Nulls: "null if all are null",
		Errors: "those of the arguments needed", Example: "coalesce(nickname, name)",
	}, {
		Name: "nullif", Ready: true, Signatures: []string{"nullif(x: O, y: O) -> O"},
		Doc: "Null if x equals y, else x.", Nulls: "x if y is null", Errors: "none",
		Example: "spend / nullif(visits, 0)",
	}, {
		Name: "ifnull", Ready: true, Signatures: []string{"ifnull(x: T, y: T) -> T"},
		Doc: "x, or y if x is null.", Nulls: "null if both are null",
		Errors: "those of the arguments needed", Example: "ifnull(amount, 0)",
	}, {
		Name: "greatest", Ready: true, Signatures: []string{"greatest(x: O...) -> O"},
		Doc: "The greatest argument.", Nulls: "nulls are skipped; null if all are null", Errors: "none",
		Example: "greatest(ts + 2m, received_at)",
	}, {
		Name: "least", Ready: true, Signatures: []string{"least(x: O...) -> O"},
		Doc: "The least argument.", Nulls: "nulls are skipped; null if all are null", Errors: "none",
		Example: "least(amount, 1000)",
	}, {
		Name: "if", Ready: true, Signatures: []string{"if(condition: bool, then: T, else: T) -> T"},
		Doc: "then if the condition is true, else the other.", Nulls: "a null condition is not true",
		Errors: "those of the branch taken", Example: "if(amount > 100, 'big', 'small')",
	}})
}

func numberFunctions() []Function {
	return slicesOf("number", roundingFunctions(), arithmeticFunctions(), transcendentals())
}

func roundingFunctions() []Function {
	row := func(name, doc, example string) Function {
		return Function{
			Name: name, Ready: true, Signatures: []string{name + "(x: N) -> N"}, Doc: doc,
			Nulls: nullIfAnyNull, Errors: "null, counted, if a decimal outgrows 38 digits", Example: example,
		}
	}
	round := row("round", "x rounded to n digits after the point (0), halves away from zero; n may be negative. "+
		"For float64: x * 10^n (of a negative n: x / 10^-n) to the nearest whole number, and back, each step in "+
		"float64; x itself where that is not finite.", "round(amount, 2)")
	round.Signatures = []string{"round(x: N, [n: literal int64 -38..38]) -> N"}
	round.Errors = "null, counted, if an int64 or decimal result does not fit"
	return []Function{
		round,
		row("floor", "The greatest whole number that is not above x.", "floor(-2.5)"),
		row("ceil", "The least whole number that is not below x.", "ceil(2.1)"),
		row("trunc", "x without its fraction.", "trunc(-2.5)"),
	}
}

func arithmeticFunctions() []Function {
	return []Function{{
		Name: "abs", Ready: true, Signatures: []string{"abs(x: N) -> N"},
		Doc: "The distance from zero.", Nulls: nullIfAnyNull,
		Errors: "null, counted, for the least int64", Example: "abs(balance)",
	}, {
		Name: "sign", Ready: true, Signatures: []string{"sign(x: number) -> int64"},
		Doc: "-1, 0 or 1.", Nulls: nullIfAnyNull, Errors: "none", Example: "sign(balance)",
	}, {
		Name: "sqrt", Ready: true, Signatures: []string{"sqrt(x: float64) -> float64"},
		Doc: "The square root, correctly rounded.", Nulls: nullIfAnyNull,
		Errors: "null, counted, below zero", Example: "sqrt(area)",
	}, {
		Name: "clip", Ready: true, Signatures: []string{"clip(x: N, low: N, high: N) -> N"},
		Doc: "x, or the bound it is beyond: least(greatest(x, low), high).", Nulls: nullIfAnyNull,
		Errors: "none; high wins if low is above it", Example: "clip(amount, 0, 1000)",
	}, {
		Name: "safe_div", Ready: true,
		Signatures: []string{"safe_div(x: float64, y: float64, else: float64) -> float64"},
		Doc:        "x / y, or else if y is 0.", Nulls: "null if x or y is null, or y is 0 and else is null",
		Errors: "null, counted, if the quotient is not finite", Example: "safe_div(clicks, views, 0.0)",
	}, {
		Name: "bucket", Ready: true,
		Signatures: []string{"bucket(x: number, edges: literal list<number>) -> int64"},
		Doc: "How many of the rising edges are at most x: 0 below the first edge, 1 in the half-open " +
			"interval from the first to the second. Compared by exact value.",
		Nulls: nullIfAnyNull, Errors: "none", Example: "bucket(amount, [10, 100, 1000])",
	}}
}

// nearest is what package elementary promises.
const nearest = " The float64 nearest to the true value, ties to even."

func transcendentals() []Function {
	row := func(name, doc, errors string) Function {
		return Function{
			Name: name, Ready: true, Signatures: []string{name + "(x: float64) -> float64"},
			Doc: doc + nearest, Nulls: nullIfAnyNull, Errors: errors, Example: name + "(x)",
			Source: "IEEE 754-2019, 9.2, correctly rounded",
		}
	}
	pow := row("pow", "x to the power of y; of 0 to the power of 0, 1.",
		"null, counted, for a negative x and a y that is not whole, for 0 to a negative power, and beyond the "+
			"range of float64; what is too small is 0")
	pow.Signatures, pow.Example = []string{"pow(x: float64, y: float64) -> float64"}, "pow(x, 2)"
	atan2 := row("atan2", "The angle between the x axis and the line from the origin to (x, y), in radians: above "+
		"-pi, up to pi. It is 0 for the origin and for y = 0 with a positive x, and pi for y = 0 with a negative x.",
		"none")
	atan2.Signatures, atan2.Example = []string{"atan2(y: float64, x: float64) -> float64"}, "atan2(y, x)"
	const notPositive = "null, counted, at zero and below"
	return []Function{
		row("exp", "e to the power of x.", "null, counted, beyond the range of float64; what is too small is 0"),
		row("ln", "The natural logarithm.", notPositive),
		row("log10", "The logarithm to base 10.", notPositive),
		row("log2", "The logarithm to base 2.", notPositive),
		row("log1p", "The natural logarithm of 1 + x.", "null, counted, at -1 and below"),
		pow,
		row("sin", "The sine of an angle in radians.", "none"),
		row("cos", "The cosine of an angle in radians.", "none"),
		row("tan", "The tangent of an angle in radians.", "none"),
		atan2,
	}
}
