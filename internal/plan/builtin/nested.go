package builtin

import "strings"

func listFunctions() []Function {
	return slicesOf("list", listParts(), listNumbers(), mapFunctions())
}

const anyElement = nullIfAnyNull + "; null elements are elements"

func listParts() []Function {
	slice := textFunction("slice(x: list<T>, from: int64, [to: int64]) -> list<T>",
		"The elements from one index up to, not with, another (the end). Indices count from 0, negative ones "+
			"from the end: -1 is the last element. An index beyond an end stands for that end, and where from "+
			"is not before to the result is [].",
		"slice(last_merchants, 0, 3)")
	slice.Nulls = anyElement
	sort := textFunction("sort(x: list<O>) -> list<O>",
		"The elements, ascending, all nulls first; text bytewise, false before true.", "sort(scores)")
	sort.Nulls = anyElement
	distinct := textFunction("distinct_list(x: list<O>) -> list<O>",
		"Each value once, in the order in which they first stand in the list. Null is one of the values.",
		"distinct_list(tags)")
	distinct.Nulls = anyElement
	return []Function{slice, sort, distinct}
}

func listNumbers() []Function {
	row := func(name, signature, doc string) Function {
		f := textFunction(name+signature, doc, name+"(scores)")
		f.Nulls = "null if the list is; null elements are skipped; null if no element is left"
		return f
	}
	sum := row("sum_list", "(x: list<N>) -> N",
		"The sum of the elements, formed exactly; for float64 rounded once, half to even.")
	sum.Errors = "null, counted, if the sum does not fit int64 or 38 digits or is not finite"
	avg := row("avg_list", "(x: list<decimal>) -> decimal(x+6)",
		"The mean, as the aggregate avg: of float64 the sum, formed exactly and rounded once, divided by the number "+
			"of elements; of int64 the exact quotient, rounded once; of decimals with six digits more, rounded half to even.")
	avg.Signatures = append(avg.Signatures, "avg_list(x: list<number>) -> float64")
	avg.Errors = "null, counted, if the sum or the mean is not finite or outgrows 38 digits"
	return []Function{
		sum, avg,
		row("max_list", "(x: list<O>) -> O", "The greatest element; text bytewise, false before true."),
		row("min_list", "(x: list<O>) -> O", "The least element; text bytewise, false before true."),
	}
}

func mapFunctions() []Function {
	get := textFunction("map_get(x: map<T>, key: string) -> T",
		"The value under a key, as x['key']. Keys are compared bytewise.", "map_get(counts, 'paid')")
	get.Errors = "null if there is no such key"
	return []Function{
		get,
		textFunction("map_keys(x: map<T>) -> list<string>", "The keys, ascending bytewise.", "map_keys(counts)"),
	}
}

func jsonFunctions() []Function {
	get := textFunction("json_get(x: json, path: literal string) -> json",
		"The part of a document at a path: the text of that part as it stands in the document. A path is a "+
			"singular query of RFC 9535 without blanks: $ for the whole, then any number of .name (letters, digits, "+
			"_ and all beyond ASCII, no digit first), ['any name'] or [\"any name\"] (with the escapes of JSON; "+
			"in an expression each ' is doubled), and [0] or [-1], an index from the start or from the end. Names "+
			"are compared after their escapes are resolved, character by character.",
		"json_get(payload, '$.device.os[0]')")
	get.Errors = "null if there is no such part, or if it is null; a path that cannot be read is refused"
	text := textFunction("json_string(x: json) -> string", "The text of a JSON string, its escapes resolved.",
		"json_string(json_get(payload, '$.os'))")
	text.Errors = "null if it is not a string"
	number := textFunction("json_number(x: json) -> float64",
		"The value of a JSON number: the float64 nearest to it, half to even.", "json_number(json_get(payload, '$.n'))")
	number.Errors = "null if it is not a number; null, counted, if it is beyond the float64 numbers"
	get.Source = "RFC 9535, section 2.3.5.1, and RFC 8259"
	return slicesOf("json", []Function{get, text, number})
}

func vectorFunctions() []Function {
	row := func(name, params, doc string) Function {
		f := textFunction(name+"("+params+") -> float64", doc, name+"(embedding, centre)")
		f.Errors = "null, counted, if a sum is not finite; vectors of different dimensions are refused"
		return f
	}
	const exactly = " (every product and the sum are exact, then rounded once to float64, half to even)"
	norm := row("norm", "x: vector", "The length of a vector: the square root of the sum of x*x"+exactly+".")
	norm.Errors, norm.Example = "null, counted, if the sum is not finite", "norm(embedding)"
	cosine := row("cosine", "x: vector, y: vector",
		"The cosine of the angle between two vectors, from -1 to 1. Of the exact sums d of x*y, a of x*x and b of y*y, "+
			"with no rounding anywhere: d*d / (a*b), rounded once to float64, half to even; its square root, with the sign of d.")
	cosine.Errors = "null if all of x or all of y is 0; vectors of different dimensions are refused"
	return slicesOf("vector", []Function{
		row("dot", "x: vector, y: vector", "The sum of x*y"+exactly+"."),
		cosine,
		row("l2", "x: vector, y: vector", "The distance between two points: the square root of the sum of "+
			"(x-y)*(x-y)"+strings.Replace(exactly, "every product", "every difference, every product", 1)+"."),
		norm,
	})
}
