package builtin

func geoFunctions() []Function {
	const outside = "null if a latitude is beyond 90 degrees or a longitude beyond 180"
	haversine := textFunction(
		"haversine_km(lat1: float64, lon1: float64, lat2: float64, lon2: float64) -> float64",
		"The great-circle distance of two places, given in degrees, on a sphere of radius 6371.0088 km, the Earth's "+
			"mean radius. In float64, step by step: r(d) = d * 0.017453292519943295, a = sin(r(lat2 - lat1) / 2), "+
			"b = sin(r(lon2 - lon1) / 2), h = a * a + (cos(r(lat1)) * cos(r(lat2))) * (b * b), and the distance is "+
			"12742.0176 * asin(sqrt(least(h, 1))); sin, cos and asin are the nearest float64.",
		"haversine_km(lat1, lon1, lat2, lon2)")
	haversine.Source = "R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (2), 1984; radius: H. Moritz, " +
		"Geodetic Reference System 1980, Journal of Geodesy 74, 2000"
	geohash := textFunction("geohash(lat: float64, lon: float64, precision: literal int64 1..12) -> string",
		"The cell of the geohash grid, in so many characters of 0123456789bcdefghjkmnpqrstuvwxyz, each of five bits. "+
			"The bits halve in turn the longitudes from -180 to 180, which come first, and the latitudes from -90 to 90: "+
			"1 is the upper half, and the middle belongs to it.",
		"geohash(lat, lon, 6)")
	geohash.Source = "G. Niemeyer, geohash.org, 2008"
	haversine.Errors, geohash.Errors = outside, outside
	return slicesOf("geo", []Function{haversine, geohash})
}
