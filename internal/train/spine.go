package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Spine makes label rows instead of reading them: every entity that is known, at each of some times.
// An entity is known from when one of its events is available, in any source that a view of the
// selection reads for it; a tombstone is no such event, and an entity once known stays so. With keys
// from a file it is the entities of the file, at every time.
//
// The rows come in the order of times, and of keys within a time; those of a file in its order.
type Spine struct {
	From, To, Every int64 // From, From + Every and so on, before To
}

// mostTimes bounds the times of a spine: a slip in the step would make more rows than any disk has.
const mostTimes = 1_000_000

// ParseSpine reads "2024-01-01..2024-03-01 every 1d". instant reads a time.
func ParseSpine(text string, instant func(string) (int64, error)) (*Spine, error) {
	wrong := fmt.Errorf("%q is no range of times; write 2024-01-01..2024-03-01 every 1d", text)
	span, step, found := strings.Cut(text, " every ")
	from, to, ranged := strings.Cut(span, "..")
	if !found || !ranged {
		return nil, wrong
	}
	s := &Spine{}
	var err error
	if s.From, err = instant(strings.TrimSpace(from)); err != nil {
		return nil, err
	}
	if s.To, err = instant(strings.TrimSpace(to)); err != nil {
		return nil, err
	}
	if s.Every, err = schema.ParseDuration(strings.TrimSpace(step)); err != nil {
		return nil, err
	}
	return s, s.Check()
}

// Check refuses a spine without times, or with too many.
func (s *Spine) Check() error {
	switch {
	case s.Every <= 0:
		return fmt.Errorf("a step of 0 comes to no end; write every 1d")
	case s.To <= s.From:
		return fmt.Errorf("the range ends at %s, which is not after its beginning, %s",
			schema.FormatTime(s.To), schema.FormatTime(s.From))
	case (s.To-s.From-1)/s.Every >= mostTimes:
		return fmt.Errorf("the range has more than %d times; take a longer step", mostTimes)
	}
	return nil
}

// times lists the times.
func (s *Spine) times() []int64 {
	var times []int64
	for t := s.From; t < s.To; t += s.Every {
		times = append(times, t)
	}
	return times
}

// digest identifies the rows of a spine, given the sources and features: keys is the digest of the
// file of keys, if any.
func (s *Spine) digest(keys string) string {
	sum := sha256.Sum256(fmt.Appendln(nil, "spine", s.From, s.To, s.Every, keys))
	return hex.EncodeToString(sum[:])
}

// spineRows hands out the rows of a spine, some at a time.
type spineRows struct {
	times   []int64
	columns []*batch.Column // of the entities, in the order of the labels' own
	since   []int64         // by entity; nil: all are known at every time
	at      int             // the time that comes next
	entity  int             // its next entity
}

// fromSpine finds the entities, and makes the first rows. Inputs that only a request has cannot be
// made up.
func (l *Labels) fromSpine(ctx context.Context, s *plan.Selection, history History, options Options) error {
	inputs, err := s.Inputs()
	if err != nil {
		return err
	}
	l.spine = &spineRows{times: l.Spine.times()}
	if l.Input != nil {
		err = l.spineOfFile(ctx, inputs)
	} else {
		err = l.spineOfEntities(ctx, s, history, options)
	}
	if err != nil {
		return err
	}
	l.Digest = l.Spine.digest(l.Digest)
	l.nextSlab(options)
	return nil
}

// spineOfFile takes the entities from a file, which may give fields of the request too.
func (l *Labels) spineOfFile(ctx context.Context, inputs []plan.Input) error {
	wanted, err := l.wantInputs(inputs)
	if err != nil {
		return err
	}
	if err := l.readColumns(ctx, wanted, len(wanted)); err != nil {
		return err
	}
	for _, field := range l.order[:len(l.order)-1] {
		l.spine.columns = append(l.spine.columns, l.columns[field.Name])
	}
	return l.checkBad()
}

// spineOfEntities takes the entities that sources tell of.
func (l *Labels) spineOfEntities(ctx context.Context, s *plan.Selection, history History,
	options Options) error {
	bound := engine.Options{Workers: options.Workers, Progress: options.events(), Memory: options.Memory / 2}
	known, err := engine.Known(ctx, history, viewsOf(s, s.Roles[0].Entity), bound)
	if err != nil {
		return err
	}
	l.spine.columns, l.spine.since = known.Columns, known.Since
	return nil
}

// viewsOf returns the views of an entity that have a source, among those that a selection reads.
func viewsOf(s *plan.Selection, entity *plan.Entity) []*plan.View {
	return slices.DeleteFunc(s.Views(), func(v *plan.View) bool { return v.Entity != entity || v.Source == nil })
}

// checkSpine refuses, before any work, what a spine cannot give.
func (l *Labels) checkSpine(s *plan.Selection) error {
	inputs, err := s.Inputs()
	if err != nil {
		return err
	}
	l.order = nil
	for _, c := range inputs {
		l.order = append(l.order, c.Field)
	}
	l.order = append(l.order, schema.Field{Name: l.Time, Type: schema.Of(schema.Timestamp)})
	if slices.ContainsFunc(inputs, func(c plan.Input) bool { return c.Field.Name == l.Time }) {
		return invalid("two columns are named "+l.Time, "name the time otherwise with --time")
	}
	if l.Input != nil {
		return nil
	}
	fields, needed, err := s.Requests()
	switch {
	case err != nil:
		return err
	case len(s.Roles) != 1:
		var names []string
		for _, role := range s.Roles {
			names = append(names, role.Name)
		}
		return &InvalidError{
			Message: "rows for every entity need features of one entity; these are of " + strings.Join(names, ", "),
			Hint:    "choose features of one entity, or give the rows as a file", Usage: true,
		}
	case len(fields) > 0:
		return &InvalidError{
			Message: fmt.Sprintf("no event gives request.%s, which %s reads", fields[0].Name, needed[fields[0].Name]),
			Hint:    "leave the feature out, or give the rows as a file", Usage: true,
		}
	case len(viewsOf(s, s.Roles[0].Entity)) == 0:
		return &InvalidError{
			Message: "no source tells which " + s.Roles[0].Entity.Name + " there are",
			Hint:    "give the rows as a file", Usage: true,
		}
	}
	return nil
}

// knownAt returns how many entities there are at each time.
func (r *spineRows) knownAt() []timeCount {
	since := slices.Clone(r.since)
	slices.Sort(since)
	counts := make([]timeCount, len(r.times))
	for i, t := range r.times {
		n := sort.Search(len(since), func(k int) bool { return since[k] > t })
		if r.since == nil {
			n = r.entities()
		}
		counts[i] = timeCount{t, int64(n)}
	}
	return counts
}

func (r *spineRows) entities() int {
	if len(r.columns) == 0 {
		return 0
	}
	return r.columns[0].Length
}

// next returns the entities and times of up to limit rows; none are left when there are none.
func (r *spineRows) next(limit int) (entities []uint32, times []int64) {
	for r.at < len(r.times) && len(times) < limit {
		if r.entity == r.entities() {
			r.at, r.entity = r.at+1, 0
			continue
		}
		if r.since == nil || r.since[r.entity] <= r.times[r.at] {
			entities = append(entities, uint32(r.entity))
			times = append(times, r.times[r.at])
		}
		r.entity++
	}
	return entities, times
}

// Bounds of the rows that are evaluated together.
const (
	leastSlab = 1 << 14
	mostSlab  = 1 << 24
)

// slabRows is how many rows of a spine may be held, with their values for a start.
func slabRows(options Options) int {
	if options.Memory <= 0 || options.Spill == nil {
		return mostSlab
	}
	return int(min(max(options.Memory/4/labelBytes, leastSlab), mostSlab))
}

// nextSlab makes the next rows the labels; false: there are none.
func (l *Labels) nextSlab(options Options) bool {
	entities, times := l.spine.next(slabRows(options))
	l.columns, l.rows = map[string]*batch.Column{}, len(times)
	for i, c := range l.spine.columns {
		l.columns[l.order[i].Name] = picked(c, entities)
	}
	when := &batch.Column{Type: schema.Of(schema.Timestamp), Length: len(times), Ints: times}
	l.columns[l.Time], l.columns[timeMark] = when, when
	return len(times) > 0
}

// picked returns rows of a column. Of texts only their places are copied.
func picked(c *batch.Column, rows []uint32) *batch.Column {
	if c.Offsets == nil || c.Valid != nil || c.Dict != nil || c.Child != nil || c.Length == 0 {
		return batch.Gather(c, rows)
	}
	return &batch.Column{Type: c.Type, Length: len(rows), Codes: rows, Dict: c}
}
