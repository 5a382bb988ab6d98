package engine

import (
	"github.com/fettle-ml/fettle/internal/engine/aggregate"
	"github.com/fettle-ml/fettle/internal/engine/window"
)

// entityFunction is a function of one reader, and the entity that it knows.
type entityFunction struct {
	aggregate.Function
	events aggregate.Events
	epoch  int
}

// bind makes the functions of a feed ready. Those of an earlier feed are used again for the same
// aggregates.
func (r *reader) bind(f *feed) {
	r.feed = f
	r.functions = r.functions[:0]
	for _, spec := range f.functions {
		known := r.known[spec.general]
		if known == nil {
			made, err := aggregate.New(spec.general.specification)
			if err != nil {
				panic("BUG: an aggregate that was made before cannot be made: " + err.Error())
			}
			known = &entityFunction{Function: made}
			known.events.Arguments = make([]aggregate.Values, len(spec.arguments))
			if r.known == nil {
				r.known = map[*generalAggregate]*entityFunction{}
			}
			r.known[spec.general] = known
		}
		r.functions = append(r.functions, known)
	}
}

// function returns a function that knows the current entity. The slices it is given are those of
// lanes and of the partition, which stay as they are until the next entity is entered.
func (r *reader) function(number int) *entityFunction {
	f := r.functions[number]
	if f.epoch == r.epoch {
		return f
	}
	f.epoch = r.epoch
	spec := &r.feed.functions[number]
	f.events.Time = r.timesOf(spec.selection)
	for i, argument := range spec.arguments {
		v := &f.events.Arguments[i]
		*v = aggregate.Values{Valid: r.validOf(spec.selection, argument.notNull, v.Valid)}
		if argument.lane < 0 {
			continue
		}
		switch lane := r.lane(argument.lane); lane.Kind {
		case window.Floats:
			v.Kind, v.Floats = lane.Kind, lane.Floats
		case window.Decimals:
			v.Kind, v.Decimals = lane.Kind, lane.Decimals
		default:
			v.Kind, v.Ints = lane.Kind, lane.Ints
		}
		v.Index = r.index(argument.lane)
	}
	f.Reset(&f.events)
	return f
}

// laneIndex is the order of a lane's values, for all functions that need it: an entity's values are
// put in order once, however many windows and aggregates ask.
type laneIndex struct {
	aggregate.Index
	epoch int
}

// index returns the index of a lane. Functions keep the address, so each has its own memory.
func (r *reader) index(lane int) *aggregate.Index {
	for len(r.indexes) <= lane {
		r.indexes = append(r.indexes, &laneIndex{})
	}
	x := r.indexes[lane]
	if x.epoch != r.epoch {
		x.epoch = r.epoch
		x.Forget()
	}
	return &x.Index
}

// validOf tells which of the selected events have a value; nil: all.
func (r *reader) validOf(selection, notNull int, scratch []bool) []bool {
	if notNull < 0 {
		return nil
	}
	selected, known := r.selection(selection), r.selection(notNull)
	valid := resized(scratch, selected.Rank(len(r.time)))
	for k := range valid {
		valid[k] = known.Has(selected.Event(k))
	}
	return valid
}

// readGeneral reads the general aggregates of a group for the row at a place. A row without a
// selected event keeps the value that its leaf began with.
func (r *reader) readGeneral(g *group, events window.Range, at int) {
	for _, a := range g.general {
		in := r.selection(r.feed.functions[a.number].selection).Ranks(events, r.holes)
		if in.Count() == 0 {
			continue
		}
		f := r.function(a.number)
		r.question.Range = in
		r.result = aggregate.Result{}
		f.Read(&r.question, &r.result)
		r.store(a, f, at)
	}
}

// store puts the result of a general aggregate at its place. Each kind of result that is not a value
// takes back the value of no events, which the place may hold. A list is copied at once: the
// positions are the function's own, and the next read overwrites them.
func (r *reader) store(a general, f *entityFunction, at int) {
	out, l := &r.result, a.leaf
	if out.NonFinite {
		l.nonFinite.Add(1)
	}
	if out.Overflow {
		l.overflow.Add(1)
	}
	spec := &r.feed.functions[a.number]
	switch {
	case out.Cap:
		l.fail(at)
	case out.Null:
		l.valid[at] = false
	case l.made.runs != nil:
		arena := &l.made.arenas[r.number]
		from := arena.length
		for _, k := range out.Positions {
			r.appendValue(arena, spec, f, int(k))
		}
		arena.counts = append(arena.counts, out.Counts...)
		l.made.runs[at] = listRun{arena: r.number, from: from, to: arena.length}
	case spec.general.byPosition:
		r.storeValue(l, spec, f, int(out.Positions[0]), at)
	case l.floats != nil:
		l.valid[at] = false
		l.setFloat(at, out.Float)
	case l.decimals != nil:
		l.decimals[at], l.valid[at] = out.Decimal, true
	default:
		l.setInt(at, out.Int)
	}
}

// storeValue copies the first argument of the k-th selected event.
func (r *reader) storeValue(l *leaf, spec *functionSpec, f *entityFunction, k, at int) {
	v := &f.events.Arguments[0]
	if l.valid[at] = v.Valid == nil || v.Valid[k]; !l.valid[at] {
		return
	}
	switch {
	case spec.arguments[0].lane < 0:
		l.made.origins[at] = r.originOf(spec, k)
	case v.Kind == window.Floats:
		l.floats[at] = v.Floats[k]
	case v.Kind == window.Decimals:
		l.decimals[at] = v.Decimals[k]
	default:
		l.ints[at] = v.Ints[k]
	}
}

// originOf returns, as part and row, where the k-th selected event came from.
func (r *reader) originOf(spec *functionSpec, k int) uint64 {
	return r.partition.rows.origin[r.from+r.selection(spec.selection).Event(k)]
}

// appendValue copies the first argument of the k-th selected event to the end of a list. Nulls of
// an argument whose values are listed are never selected.
func (r *reader) appendValue(arena *arena, spec *functionSpec, f *entityFunction, k int) {
	v := &f.events.Arguments[0]
	arena.length++
	switch {
	case spec.arguments[0].lane < 0:
		arena.origins = append(arena.origins, r.originOf(spec, k))
	case v.Kind == window.Floats:
		arena.floats = append(arena.floats, v.Floats[k])
	case v.Kind == window.Decimals:
		arena.decimals = append(arena.decimals, v.Decimals[k])
	default:
		arena.ints = append(arena.ints, v.Ints[k])
	}
}
