package expr

import (
	"math"

	"github.com/fettle-ml/fettle/internal/engine/elementary"
)

const (
	// meanRadius of the Earth in kilometres, of the Geodetic Reference System 1980.
	meanRadius = 6371.0088
	degree     = math.Pi / 180
)

// onEarth reports whether a place is given in degrees that there are.
func onEarth(lat, lon float64) bool {
	return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180
}

// haversine is the kernel of haversine_km. Its page gives each step, so the order of operations is
// part of the language.
func haversine(c *call) {
	var values [4][]float64
	var masks [4]int
	for k := range values {
		values[k], masks[k] = c.floats(k)
	}
	for i := range c.out.Floats {
		if c.out.IsNull(i) {
			continue
		}
		lat1, lon1 := values[0][i&masks[0]], values[1][i&masks[1]]
		lat2, lon2 := values[2][i&masks[2]], values[3][i&masks[3]]
		if !onEarth(lat1, lon1) || !onEarth(lat2, lon2) {
			c.fail(i)
			continue
		}
		a := elementary.Sin(float64((lat2-lat1)*degree) / 2)
		b := elementary.Sin(float64((lon2-lon1)*degree) / 2)
		across := elementary.Cos(float64(lat1*degree)) * elementary.Cos(float64(lat2*degree))
		h := float64(a*a) + float64(across*float64(b*b))
		c.out.Floats[i] = float64(2*meanRadius*elementary.Asin(math.Sqrt(min(h, 1)))) + 0
	}
}

// geohashRow appends the cell of a place. Halving is exact: after 30 steps the middle is a multiple
// of 360 / 2^31, of 37 bits.
func geohashRow(c *call, dst []byte, i int) []byte {
	const letters = "0123456789bcdefghjkmnpqrstuvwxyz"
	lat := c.args[0].col.Floats[i&c.args[0].mask]
	lon := c.args[1].col.Floats[i&c.args[1].mask]
	if !onEarth(lat, lon) {
		c.fail(i)
		return dst
	}
	// The value, and the ends of the part that holds it, for longitudes and for latitudes.
	parts := [2][3]float64{{lon, -180, 180}, {lat, -90, 90}}
	bit := 0
	for range c.args[2].col.Ints[i&c.args[2].mask] {
		letter := 0
		for range 5 {
			p := &parts[bit&1]
			bit++
			letter <<= 1
			if middle := (p[1] + p[2]) / 2; p[0] >= middle {
				p[1] = middle
				letter |= 1
			} else {
				p[2] = middle
			}
		}
		dst = append(dst, letters[letter])
	}
	return dst
}
