package builtin

const nullIfAnyNull = "null if any argument is null"

func operators() []Function {
	return slicesOf("operator", arithmetic(), comparisons(), logic(), forms())
}

// slicesOf joins parts of a group and names the group in each entry.
func slicesOf(group string, parts ...[]Function) []Function {
	var out []Function
	for _, part := range parts {
		for _, f := range part {
			f.Group = group
			out = append(out, f)
		}
	}
	return out
}

func arithmetic() []Function {
	const overflow = "null, counted, if the result does not fit: int64, 38 digits, a finite float64, the years 1900-2200"
	return []Function{{
		Name: "add", Symbol: "+", Operator: true, Ready: true,
		Signatures: []string{
			"add(x: N, y: N) -> N", "add(x: timestamp, y: duration) -> timestamp",
			"add(x: duration, y: timestamp) -> timestamp", "add(x: duration, y: duration) -> duration",
		},
		Doc: "The sum; a duration moves a timestamp.", Nulls: nullIfAnyNull, Errors: overflow,
		Example: "amount + 1",
	}, {
		Name: "sub", Symbol: "-", Operator: true, Ready: true,
		Signatures: []string{
			"sub(x: N, y: N) -> N", "sub(x: timestamp, y: timestamp) -> duration",
			"sub(x: timestamp, y: duration) -> timestamp", "sub(x: duration, y: duration) -> duration",
		},
		Doc:   "The difference; of two timestamps the duration between them.",
		Nulls: nullIfAnyNull, Errors: overflow, Example: "event_time - 5m",
	}, {
		Name: "mul", Symbol: "*", Operator: true, Ready: true,
		Signatures: []string{
			"mul(x: int64, y: int64) -> int64", "mul(x: decimal, y: decimal) -> decimal(x+y)",
			"mul(x: float64, y: float64) -> float64", "mul(x: duration, y: number) -> duration",
			"mul(x: number, y: duration) -> duration",
		},
		Doc: "The product; scales of decimals add up, and beyond 38 the product is rounded half to " +
			"even. A duration is floored to the microsecond.",
		Nulls: nullIfAnyNull, Errors: overflow, Example: "price * quantity",
	}, {
		Name: "divide", Symbol: "/", Operator: true, Ready: true,
		Signatures: []string{
			"divide(x: int64, y: int64) -> float64", "divide(x: decimal, y: decimal) -> decimal(max(x,y)+6)",
			"divide(x: float64, y: float64) -> float64",
		},
		Doc: "The quotient: float64 for int64 and float64, so 7 / 2 is 3.5; for decimals a decimal " +
			"with six digits more than the longer scale, rounded half to even.",
		Nulls:  nullIfAnyNull + ", and if y is 0 (not counted)",
		Errors: overflow, Example: "spend_7d / 7",
	}, {
		Name: "div", Symbol: "div", Operator: true, Ready: true,
		Signatures: []string{"div(x: N, y: N) -> N"},
		Doc:        "The exact quotient without its fraction, truncated towards zero: -7 div 2 is -3; of float64 rounded once where it is beyond 2^53.",
		Nulls:      nullIfAnyNull + ", and if y is 0 (not counted)", Errors: overflow, Example: "seconds div 60",
	}, {
		Name: "mod", Symbol: "%", Ready: true,
		Signatures: []string{"mod(x: N, y: N) -> N"},
		Doc:        "The remainder of div, with the sign of x: -7 % 2 is -1.",
		Nulls:      nullIfAnyNull + ", and if y is 0 (not counted)", Errors: "none", Example: "n % 10",
	}, {
		Name: "neg", Symbol: "-", Operator: true, Ready: true,
		Signatures: []string{"neg(x: N) -> N", "neg(x: duration) -> duration"},
		Doc:        "The negative.", Nulls: nullIfAnyNull, Errors: overflow, Example: "-amount",
	}}
}

func comparisons() []Function {
	row := func(name, symbol, doc string) Function {
		return Function{
			Name: name, Symbol: symbol, Operator: true, Ready: true,
			Signatures: []string{name + "(x: number, y: number) -> bool", name + "(x: O, y: O) -> bool"},
			Doc: doc + " Numbers of different types compare by exact value, text bytewise, " +
				"false before true.",
			Nulls: nullIfAnyNull, Errors: "none", Example: "amount " + symbol + " 10",
		}
	}
	distinct := row("is_distinct", "is distinct from", "Whether two values differ, null being a value of its own.")
	distinct.Nulls, distinct.Example = "never null", "country is distinct from 'FR'"
	return []Function{
		row("eq", "=", "Whether two values are equal."), row("ne", "<>", "Whether two values differ."),
		row("lt", "<", "Whether x is less than y."), row("le", "<=", "Whether x is at most y."),
		row("gt", ">", "Whether x is greater than y."), row("ge", ">=", "Whether x is at least y."),
		distinct,
		{
			Name: "in", Symbol: "in", Operator: true, Ready: true,
			Signatures: []string{"in(x: number, y: number...) -> bool", "in(x: O, y: O...) -> bool"},
			Doc:        "Whether x equals one of the values.",
			Nulls:      "null if x is null, or if no value is equal and one is null",
			Errors:     "none", Example: "status in ('paid', 'sent')",
		}, {
			Name: "like", Symbol: "like", Operator: true, Ready: true,
			Signatures: []string{"like(x: string, pattern: string, [escape: literal string]) -> bool"},
			Doc: "Whether the whole text fits the pattern: % stands for any characters, _ for one. " +
				"There is no escape character unless one is given.",
			Nulls: nullIfAnyNull, Errors: "null if the escape is not one character",
			Example: "email like '%@example.com'",
		},
	}
}

func logic() []Function {
	return []Function{{
		Name: "and", Symbol: "and", Operator: true, Ready: true,
		Signatures: []string{"and(x: bool, y: bool...) -> bool"},
		Doc:        "Whether all are true.", Nulls: "false if any is false, else null if any is null",
		Errors: "none", Example: "amount > 10 and country = 'FR'",
	}, {
		Name: "or", Symbol: "or", Operator: true, Ready: true,
		Signatures: []string{"or(x: bool, y: bool...) -> bool"},
		Doc:        "Whether any is true.", Nulls: "true if any is true, else null if any is null",
		Errors: "none", Example: "amount > 10 or country = 'FR'",
	}, {
		Name: "not", Symbol: "not", Operator: true, Ready: true,
		Signatures: []string{"not(x: bool) -> bool"},
		Doc:        "The opposite.", Nulls: nullIfAnyNull, Errors: "none", Example: "not is_weekend(event_time)",
	}}
}

func forms() []Function {
	return []Function{{
		Name: "case", Symbol: "case", Operator: true, Ready: true,
		Signatures: []string{"case(when: bool..., then: T..., [else: T]) -> T"},
		Doc:        "The value of the first condition that is true; else the last one.",
		Nulls:      "a null condition is not true; without else, null", Errors: "those of the branch taken",
		Example: "case when amount > 100 then 'big' else 'small' end",
	}, {
		Name: "cast", Symbol: "cast", Operator: true, Ready: true,
		Signatures: []string{"cast(x: T) -> T"},
		Doc: "The value as another type. A float64 or decimal becomes an int64 truncated towards zero; " +
			"what becomes a decimal is rounded half to even; a number becomes the shortest text that " +
			"reads back the same; text becomes a timestamp only with an offset or Z, a bool only as " +
			"true or false in any case of letters; a number is true if it is not 0; a date is midnight " +
			"UTC. No white space is trimmed. json becomes its text; text becomes json if it is JSON (RFC 8259, " +
			"no key twice in an object, no half of a surrogate pair, at most 1000 deep), without the white space " +
			"around it, and null becomes null, not counted. A list or map is cast element by element, a vector " +
			"becomes a list<float64>, a list of numbers a vector if it has as many elements as that and no null.",
		Nulls: nullIfAnyNull,
		Errors: "null, counted, if the value does not fit the type or the text is malformed; of a list or map " +
			"only the element becomes null",
		Example: "cast(code as int64), code::int64",
	}, {
		Name: "concat", Symbol: "||", Ready: true,
		Signatures: []string{"concat(x: string...) -> string"},
		Doc:        "The texts one after the other.", Nulls: nullIfAnyNull, Errors: textTooLong,
		Example: "country || '-' || city",
	}, {
		Name: "is_null", Symbol: "is null", Ready: true,
		Signatures: []string{"is_null(x: any) -> bool"},
		Doc:        "Whether the value is null.", Nulls: "never null", Errors: "none",
		Example: "is_null(country), country is null",
	}, {
		Name: "element_at", Symbol: "[ ]", Ready: true,
		Signatures: []string{
			"element_at(x: list<T>, index: int64) -> T", "element_at(x: vector, index: int64) -> float64",
			"element_at(x: map<T>, key: string) -> T",
		},
		Doc: "The element at an index from 0, from the end if it is negative (-1 is the last), or the value " +
			"under a key, compared bytewise.",
		Nulls: nullIfAnyNull, Errors: "null if there is no such element or key", Example: "last_merchants[0], counts['paid']",
	}, {
		Name: "list", Symbol: "[..]", Operator: true, Ready: true,
		Signatures: []string{"list(x: T...) -> list<T>"},
		Doc: "The list of the values. [] takes the type that its place asks for, and is refused where none does: " +
			"cast([] as list<string>).",
		Nulls:   "never null; a null is a null element",
		Errors:  "null, counted, if more than 1,048,576 elements, or bytes of text, lie in it at all depths",
		Example: "[1, 2.5, null], [country, home_country]",
	}}
}
