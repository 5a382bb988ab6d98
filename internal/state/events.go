package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
)

// At returns the rows as requests at time t see them: those with visible_at <= t. It may be used
// while records are applied. A source is scanned only by what is wanted of each feed.
func (s *State) At(t int64) engine.Events { return &events{state: s, at: t} }

// events is the state as of a time. It holds nothing: what it shows is decided by each scan.
type events struct {
	state *State
	at    int64
}

// Scan implements engine.Events. Each feed of the request gives one chunk, in the usual case: the
// rows of its entities, one entity after the other, those of an entity by event time and order. A
// chunk of a single entity shares the memory of the cache. Ordinals rise from chunk to chunk, so
// the order holds also for an entity that needs more than one.
func (e *events) Scan(ctx context.Context, request *engine.ScanRequest,
	emit func(worker int, c *engine.Chunk) error) error {
	if len(request.Feeds) == 0 {
		return fmt.Errorf("source %s cannot be scanned as a whole online; read it from history",
			request.Source.Name)
	}
	ordinal := int64(0)
	for i := range request.Feeds {
		f := &request.Feeds[i]
		at, err := e.state.find(f.View)
		if err != nil {
			return err
		}
		r := &feedRead{events: e, served: at, need: newNeed(f, e.at)}
		r.out = output{feed: i + 1, ordinal: &ordinal, emit: emit}
		if err := r.choose(request); err != nil {
			return err
		}
		if err := checkKeys(f.View.Entity, f.Keys); err != nil {
			return fmt.Errorf("view %s: %w", f.View.Name, err)
		}
		if err := r.entities(ctx, f.Keys); err != nil {
			return fmt.Errorf("view %s: %w", f.View.Name, err)
		}
		if !at.feed.ready() {
			return fmt.Errorf("view %s: %w any more; ask again", f.View.Name, ErrNotReady)
		}
	}
	return nil
}

// feedRead is one feed of a request.
type feedRead struct {
	events *events
	served served
	need   need
	wanted []bool // by stored column, for rows that are not kept; made when needed
	out    output
	key    []byte // of the entity under work: the prefix of its rows
}

// choose finds the stored columns that are asked for.
func (r *feedRead) choose(request *engine.ScanRequest) error {
	source := r.served.source.Plan
	if request.Source != source {
		return fmt.Errorf("BUG: source %s is scanned for a view of source %s",
			request.Source.Name, source.Name)
	}
	r.out.slots = make([]int, len(request.Columns))
	for i, c := range request.Columns {
		if c < 0 || c >= len(source.Columns) || r.served.source.slots[c] < 0 {
			return fmt.Errorf("column number %d of source %s is not kept online", c, source.Name)
		}
		r.out.slots[i] = r.served.source.slots[c]
	}
	return nil
}

// entities reads the entities of the keys, each once. A row with a null is no entity.
func (r *feedRead) entities(ctx context.Context, keys []*batch.Column) error {
	count := keys[0].Length
	var seen map[string]struct{}
	if count > 1 {
		seen = make(map[string]struct{}, count)
	}
	for row := range count {
		key, named := appendEntity(appendFeed(r.key[:0], r.served.feed.id), keys, row)
		r.key = key
		if !named {
			continue
		}
		if seen != nil {
			if _, again := seen[string(key)]; again {
				continue
			}
			seen[string(key)] = struct{}{}
		}
		if err := r.entity(ctx); err != nil {
			return err
		}
	}
	return r.out.flush()
}

// checkKeys refuses keys that are not those of the view's entity: they would find other entities.
func checkKeys(entity *plan.Entity, keys []*batch.Column) error {
	fits := len(keys) == len(entity.Key) && len(keys) > 0
	for i := range keys {
		fits = fits && keys[i].Type.Kind == entity.Key[i].Type.Kind && keys[i].Length == keys[0].Length
	}
	if !fits {
		return fmt.Errorf("the keys are not those of entity %s", entity.Name)
	}
	return nil
}

// maxTries is how often a reader waits for others to load an entity, before it reads the store
// alone. Entities that do not stay in the cache would keep it waiting for ever.
const maxTries = 3

// entity reads one entity, from the cache if it is there.
func (r *feedRead) entity(ctx context.Context) error {
	c := r.events.state.cache
	if c == nil {
		return r.stream(ctx)
	}
	rules := r.served.source.ruleText
	found := c.find(r.key[1:], rules, &r.need)
	for range maxTries {
		switch {
		case found.stream:
			return r.stream(ctx)
		case found.loading != nil:
			return r.load(ctx, found.loading)
		case found.wait != nil:
			select {
			case <-found.wait:
			case <-ctx.Done():
				return ctx.Err()
			}
		case found.rows != nil:
			begin, end, ok := r.need.choose(found.rows)
			if ok {
				return r.out.add(found.rows, begin, end, &r.need)
			}
			if found = c.reload(r.key[1:], rules, found.rows); found != (finding{}) {
				continue
			}
		}
		found = c.find(r.key[1:], rules, &r.need)
	}
	if found.loading != nil {
		return r.load(ctx, found.loading)
	}
	return r.stream(ctx)
}

// load reads an entity for the cache and answers from it.
func (r *feedRead) load(ctx context.Context, e *entry) error {
	loaded, err := r.decode(ctx, e)
	if errors.Is(err, errFull) {
		return r.stream(ctx)
	} else if err != nil {
		return err
	}
	begin, end, ok := r.need.choose(loaded)
	if !ok {
		return fmt.Errorf("BUG: rows from %d do not answer what they were loaded for", loaded.floor)
	}
	return r.out.add(loaded, begin, end, &r.need)
}

// decode loads an entity into its entry, or gives the entry up. Either way whoever waits for it
// goes on.
func (r *feedRead) decode(ctx context.Context, e *entry) (frozen *rows, err error) {
	c := r.events.state.cache
	var loaded *rows
	defer func() { c.loaded(e, loaded, errors.Is(err, errFull)) }()
	g := &reading{state: r.events.state, use: r.served.source, key: r.key}
	if loaded, err = g.load(ctx, &r.need, c.limit); err != nil {
		return nil, err
	}
	return loaded.freeze(), nil
}

// stream reads an entity from the store for this request alone.
func (r *feedRead) stream(ctx context.Context) error {
	if r.wanted == nil && r.served.source.rules == nil {
		r.wanted = make([]bool, len(r.served.source.types))
		for _, slot := range r.out.slots {
			r.wanted[slot] = true
		}
	}
	g := &reading{state: r.events.state, use: r.served.source, key: r.key}
	count := 0
	err := g.stream(ctx, &r.need, r.wanted, func(block *rows) error {
		count += block.len()
		return r.out.add(block, 0, block.len(), &r.need)
	})
	if observe := r.events.state.options.Observer.Streamed; observe != nil {
		observe(count)
	}
	return err
}
