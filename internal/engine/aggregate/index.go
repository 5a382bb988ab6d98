package aggregate

// Index is what functions over the same values share: the order of the values, and what is built on
// it. The zero value is ready. It belongs to the goroutine of its functions.
type Index struct {
	ranked ranked
	known  bool // the values of the current entity
}

// Forget tells that the values have changed. It comes before the first Reset of an entity.
func (x *Index) Forget() { x.known = false }

// order is a function's way to the order of its values: one of its own, or the shared one.
type order struct {
	*ranked
	own ranked
}

// enter makes the order that of an argument.
func (o *order) enter(v *Values) {
	switch {
	case v.Index == nil:
		o.ranked = &o.own
		o.reset(v)
	default:
		o.ranked = &v.Index.ranked
		if !v.Index.known {
			v.Index.known = true
			o.reset(v)
		}
	}
}

// ranked is a multiset that gives the k-th value of a range.
type ranked struct {
	multiset
	wavelet wavelet
	built   bool
}

func (r *ranked) reset(v *Values) {
	r.multiset.reset(v)
	r.built = false
	if r.numbers == nil {
		r.wavelet = wavelet{}
	}
}

// build prepares ranges that are not short.
func (r *ranked) build() {
	if r.built {
		return
	}
	r.built = true
	r.number()
	r.wavelet.build(r.numbers, len(r.places))
}
