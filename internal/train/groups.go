package train

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// What is held of a label row: its time, key and place, and then for each feature a value, whether
// it is null, and its status, some of them twice for a while.
const (
	labelBytes   = 60
	rowBytes     = 64
	featureBytes = 16
	// mostGroups is how many groups a row's number has room for.
	mostGroups = 1 << 15
)

// groupPlan is how the label rows are divided, so that the values of one group fit.
type groupPlan struct {
	groups int
	rows   int   // of a group, at most
	events int64 // bytes for events
	values int64 // bytes for values
}

// planGroups divides the memory: what label rows do not take is for events and values, a half each.
func planGroups(s *plan.Selection, rows int, options Options) groupPlan {
	if options.Memory <= 0 || options.Spill == nil {
		return groupPlan{groups: 1}
	}
	left := max(options.Memory-int64(rows)*labelBytes, options.Memory/4)
	p := groupPlan{events: left / 2, values: left / 2}
	perRow := int64(rowBytes + featureBytes*len(s.Features))
	p.rows = int(max(p.values/perRow, 1, int64(rows)/(mostGroups/2)))
	p.groups = (rows + p.rows - 1) / p.rows
	return p
}

// computeGroups evaluates group after group, with the rows of a key in one group, so that hardly an
// event is needed for two of them. The values are spilled.
func (s *Set) computeGroups(ctx context.Context, rows engine.Rows, options Options, p groupPlan) error {
	run, err := options.Spill.Create()
	if err != nil {
		return fmt.Errorf("spill values: %w", err)
	}
	s.spool = &spool{run: run}
	groups, members := s.divide(rows, p)
	perRow := int64(rowBytes + featureBytes*len(s.selection.Features))
	// A block of every group is in memory while the set is written.
	s.spool.block = int(min(max(p.values/2/perRow/int64(len(groups)), 16), 1<<14))
	s.slice = int(min(max(p.values/2/perRow, 1024), writeRows))
	s.spool.blocks, s.spool.cursors = make([][]block, len(groups)), make([]cursor, len(groups))
	s.labels.forget()
	s.fields = nil
	emit := func(group int, c *computed) error {
		s.lookAt(members[group], c.values)
		c.parts = s.partition.rows(groups[group])
		s.counts.add(s.selection, groups[group], c)
		return s.keep(group, groups[group].Count, c.values)
	}
	report, err := s.evaluateGroups(ctx, groups, options, emit)
	if err != nil {
		return err
	}
	s.counts.addReport(report)
	return nil
}

// keep spills the values of a group.
func (s *Set) keep(group, rows int, values []*engine.Value) error {
	columns := make([]*batch.Column, len(values))
	for i, v := range values {
		columns[i] = v.Column
	}
	if s.fields == nil {
		for i, c := range columns {
			s.fields = append(s.fields, schema.Field{Name: s.selection.Features[i].Name, Type: c.Type})
			s.spool.types = append(s.spool.types, c.Type)
		}
	}
	return s.spool.add(group, columns, rows)
}

// evaluateGroups computes the values of every group, and those that only the analysis looks at. Where
// serving saw something both modes are needed of a group at a time, and each group reads the sources
// for itself.
func (s *Set) evaluateGroups(ctx context.Context, groups []engine.Rows, options Options,
	emit func(int, *computed) error) (*engine.Report, error) {
	if options.Served != nil {
		return s.evaluateModes(ctx, groups, options, emit)
	}
	all := groups
	if s.later.Count > 0 {
		all = append(slices.Clone(groups), s.later)
	}
	return engine.EvaluateGroups(ctx, s.history, all, wantedOf(s.selection), engineOptions(options),
		func(group int, values []*engine.Value) error {
			if group == len(groups) {
				s.look.AddLater(s.look.Later(), groupOf(nil, values).Columns)
				return nil
			}
			return emit(group, &computed{values: values})
		})
}

// evaluateModes computes each group by itself, once for each mode.
func (s *Set) evaluateModes(ctx context.Context, groups []engine.Rows, options Options,
	emit func(int, *computed) error) (*engine.Report, error) {
	var report *engine.Report
	for i, rows := range groups {
		values, others, seen, err := modes(ctx, s.selection, rows, s.history, options)
		if err != nil {
			return nil, err
		}
		if report == nil {
			report = seen
		}
		if err := emit(i, &computed{values: values, others: others}); err != nil {
			return nil, err
		}
	}
	if s.later.Count == 0 {
		return report, nil
	}
	later := s.later
	if options.Mode == AsServed {
		later.Served = options.Served
	}
	values, _, err := evaluate(ctx, s.selection, later, s.history, options)
	if err != nil {
		return nil, fmt.Errorf("evaluate label rows just after their time: %w", err)
	}
	s.look.AddLater(s.look.Later(), groupOf(nil, values).Columns)
	return report, nil
}

// divide puts each row into a group by its key, with their numbers, and begins another for keys whose rows are too
// many. A row without a key may be in any group.
func (s *Set) divide(rows engine.Rows, p groupPlan) ([]engine.Rows, [][]uint32) {
	var keys []*batch.Column
	if len(rows.Roles) > 0 {
		keys = rows.Roles[0].Columns
	}
	hash := newKeyHash(keys)
	current, members := make([]uint16, p.groups), make([][]uint32, p.groups)
	for i := range current {
		current[i] = uint16(i)
	}
	s.spool.groupOf = make([]uint16, rows.Count)
	most := p.rows + p.rows/4
	for row := range rows.Count {
		home := hash.of(row) % uint64(p.groups)
		group := current[home]
		if len(members[group]) == most {
			group = uint16(len(members))
			current[home], members = group, append(members, nil)
		}
		members[group] = append(members[group], uint32(row))
		s.spool.groupOf[row] = group
	}
	groups := make([]engine.Rows, len(members))
	for g, list := range members {
		groups[g] = gatherRows(rows, list)
	}
	return groups, members
}

// keyHash tells keys apart, most of the time.
type keyHash struct {
	seed  maphash.Seed
	keys  []*batch.Column
	dicts [][]uint64 // hashes of dictionaries
}

func newKeyHash(keys []*batch.Column) *keyHash {
	h := &keyHash{seed: maphash.MakeSeed(), keys: keys, dicts: make([][]uint64, len(keys))}
	for i, c := range keys {
		if c.Dict != nil {
			h.dicts[i] = make([]uint64, c.Dict.Length)
			for k := range h.dicts[i] {
				h.dicts[i][k] = maphash.String(h.seed, c.Dict.Text(k))
			}
		}
	}
	return h
}

// of returns the hash of a row's key.
func (h *keyHash) of(row int) uint64 {
	if len(h.keys) == 0 {
		return uint64(row)
	}
	var sum uint64
	for i, c := range h.keys {
		if c.IsNull(row) {
			return uint64(row)
		}
		var x uint64
		switch {
		case h.dicts[i] != nil:
			x = h.dicts[i][c.Codes[row]]
		case c.Offsets != nil:
			x = maphash.String(h.seed, c.Text(row))
		case c.Bools != nil:
			x = maphash.Comparable(h.seed, c.Bools[row])
		case c.Ints != nil:
			x = maphash.Comparable(h.seed, c.Ints[row])
		default:
			x = maphash.Comparable(h.seed, c.Value(row).String())
		}
		sum = sum*0x9E3779B97F4A7C15 + x
	}
	return sum ^ sum>>32
}

// gatherRows returns some of the rows.
func gatherRows(rows engine.Rows, members []uint32) engine.Rows {
	out := rows
	out.Count = len(members)
	out.Times = gathered(rows.Times, members)
	if out.AgeTimes = out.Times; len(rows.Times) > 0 && &rows.AgeTimes[0] != &rows.Times[0] {
		out.AgeTimes = gathered(rows.AgeTimes, members)
	}
	if rows.Valid != nil {
		out.Valid = gathered(rows.Valid, members)
	}
	out.Roles = nil
	copies := map[*batch.Column]*batch.Column{}
	gather := func(c *batch.Column) *batch.Column {
		if copies[c] == nil {
			copies[c] = batch.Gather(c, members)
		}
		return copies[c]
	}
	for _, role := range rows.Roles {
		keys := engine.Keys{Entity: role.Entity}
		for _, c := range role.Columns {
			keys.Columns = append(keys.Columns, gather(c))
		}
		out.Roles = append(out.Roles, keys)
	}
	out.Request = map[string]*batch.Column{}
	for name, c := range rows.Request {
		out.Request[name] = gather(c)
	}
	return out
}

func gathered[T any](values []T, rows []uint32) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = values[row]
	}
	return out
}

// forget lets the label columns go that the output does not need.
func (l *Labels) forget() {
	if l.Input != nil && l.Spine == nil {
		l.columns = nil
	}
}
