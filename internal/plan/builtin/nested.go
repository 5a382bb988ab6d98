package builtin

// later is a row of a function that is not available yet.
func later(signature, doc, example string) Function {
	f := textFunction(signature, doc, example)
	f.Ready = false
	return f
}

func geoFunctions() []Function {
	haversine := later("haversine_km(lat1: float64, lon1: float64, lat2: float64, lon2: float64) -> float64",
		"The great-circle distance in kilometres.", "haversine_km(lat, lon, home_lat, home_lon)")
	geohash := later("geohash(lat: float64, lon: float64, precision: literal int64 1..12) -> string",
		"The cell of the geohash grid.", "geohash(lat, lon, 6)")
	haversine.Errors = "null if a coordinate is out of range"
	geohash.Errors = haversine.Errors
	return slicesOf("geo", []Function{haversine, geohash})
}

func listFunctions() []Function {
	return slicesOf("list", []Function{
		later("slice(x: list<T>, from: int64, to: int64) -> list<T>",
			"The elements from one index up to, not with, another.", "slice(last_merchants, 0, 3)"),
		later("sort(x: list<O>) -> list<O>", "The elements, ascending, nulls first.", "sort(scores)"),
		later("distinct_list(x: list<O>) -> list<O>", "Each value once, where it first stands.", "distinct_list(tags)"),
		later("sum_list(x: list<N>) -> N", "The exact sum, rounded once.", "sum_list(scores)"),
		later("avg_list(x: list<float64>) -> float64", "The mean.", "avg_list(scores)"),
		later("max_list(x: list<O>) -> O", "The greatest element.", "max_list(scores)"),
		later("min_list(x: list<O>) -> O", "The least element.", "min_list(scores)"),
		later("map_get(x: map<T>, key: string) -> T", "The value under a key.", "map_get(counts, 'paid')"),
		later("map_keys(x: map<T>) -> list<string>", "The keys, in order.", "map_keys(counts)"),
	})
}

func jsonFunctions() []Function {
	get := later("json_get(x: json, path: literal string) -> json", "The part of the document at a path.", "json_get(payload, '$.device.os')")
	text := later("json_string(x: json) -> string", "The text of a JSON string.", "json_string(json_get(payload, '$.os'))")
	number := later("json_number(x: json) -> float64", "The value of a JSON number.", "json_number(json_get(payload, '$.n'))")
	get.Errors, text.Errors = "null if there is no such part", "null if it is not a string"
	number.Errors = "null if it is not a number"
	return slicesOf("json", []Function{get, text, number})
}

func vectorFunctions() []Function {
	row := func(name, params, doc string) Function {
		f := later(name+"("+params+") -> float64", doc, name+"(a, b)")
		f.Errors = "null if the dimensions differ"
		return f
	}
	norm := row("norm", "x: vector", "The length of the vector.")
	norm.Errors, norm.Example = "none", "norm(a)"
	return slicesOf("vector", []Function{
		row("dot", "x: vector, y: vector", "The dot product, summed exactly and rounded once."),
		row("cosine", "x: vector, y: vector", "The cosine of the angle between two vectors."),
		row("l2", "x: vector, y: vector", "The distance between two points."),
		norm,
	})
}
