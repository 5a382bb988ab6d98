package state

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/store"
)

// maxLayouts is how many layouts are kept up at a time. Two are enough to go from one to the next;
// whoever never sweeps loses the oldest.
const maxLayouts = 4

// Use takes a layout into use. From now on rows are kept for its feeds too; those of earlier
// layouts go on until Sweep, so that they can be read while new feeds are filled. It returns the
// feeds of the layout that are not filled, which cannot be read yet. Feeds that the store knows and
// no layout in use has are given up: they miss what is applied from now on.
func (s *State) Use(ctx context.Context, layout Layout) ([]Feed, error) {
	next, err := newInUse(layout)
	if err != nil {
		return nil, fmt.Errorf("use a layout: %w", err)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	layouts := []*inUse{next}
	for _, l := range *s.layouts.Load() {
		if l.plan != layout.Plan && len(layouts) < maxLayouts {
			layouts = append(layouts, l)
		}
	}
	added := s.addFeeds(next)
	changes := &store.Changes{}
	for _, f := range added {
		changes.Set(f.key.meta(), appendFeedMeta(nil, f.id, filling))
	}
	changes.Set(metaKey(metaNext),
		binary.BigEndian.AppendUint32([]byte{formatVersion}, s.next+uint32(len(added))))
	gone := s.unused(layouts, ready, filling)
	for _, f := range gone {
		changes.Set(f.key.meta(), appendFeedMeta(nil, f.id, left))
	}
	revived := s.revived(next)
	for _, f := range revived {
		changes.Set(f.key.meta(), appendFeedMeta(nil, f.id, filling))
	}
	if err := s.db.Apply(ctx, changes); err != nil {
		return nil, fmt.Errorf("use a layout: %w", err)
	}
	s.next += uint32(len(added))
	for _, f := range added {
		s.feeds[f.key] = f
	}
	setStatus(gone, left)
	setStatus(revived, filling)
	s.layouts.Store(&layouts)
	return next.missing(), nil
}

// setStatus changes what readers see. It comes after the store has the same, unless rows are about
// to go.
func setStatus(feeds []*feed, status uint32) {
	for _, f := range feeds {
		f.status.Store(status)
	}
}

// addFeeds finds the feed of every mapping of the layout, and returns those that are new.
func (s *State) addFeeds(layout *inUse) (added []*feed) {
	fresh := map[feedKey]*feed{}
	for _, id := range layout.ids() {
		use := layout.sources[id]
		for m, text := range use.texts {
			key := feedKey{id, text}
			f := s.feeds[key]
			if f == nil {
				f = fresh[key]
			}
			if f == nil {
				f = &feed{id: s.next + uint32(len(added)), key: key}
				f.status.Store(filling)
				fresh[key], added = f, append(added, f)
			}
			use.feeds = append(use.feeds, f)
			for _, view := range use.mappings[m].Views {
				layout.served[view] = served{use, f}
			}
		}
	}
	return added
}

// unused returns the feeds of a status that no layout has, in the order of their numbers.
func (s *State) unused(layouts []*inUse, status ...uint32) (out []*feed) {
	used := map[*feed]bool{}
	for _, l := range layouts {
		for _, use := range l.sources {
			for _, f := range use.feeds {
				used[f] = true
			}
		}
	}
	for _, f := range s.feeds {
		if !used[f] && slices.Contains(status, f.status.Load()) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *feed) int { return int(a.id) - int(b.id) })
	return out
}

// revived returns the feeds of a layout that were given up before.
func (s *State) revived(layout *inUse) (out []*feed) {
	for _, id := range layout.ids() {
		for _, f := range layout.sources[id].feeds {
			if f.status.Load() == left && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// missing returns the feeds that are not filled, once each.
func (u *inUse) missing() (out []Feed) {
	seen := map[*feed]bool{}
	for _, id := range u.ids() {
		use := u.sources[id]
		for m, f := range use.feeds {
			if !f.ready() && !seen[f] {
				seen[f] = true
				out = append(out, Feed{Source: use.Source, Mapping: use.mappings[m]})
			}
		}
	}
	return out
}

// find returns where a view's rows are, in the newest layout that has the view.
func (s *State) find(view *plan.View) (served, error) {
	for _, l := range *s.layouts.Load() {
		if at, known := l.served[view]; known {
			if !at.feed.ready() {
				return at, fmt.Errorf("view %s: %w yet; wait for the backfill of source %s",
					view.Name, ErrNotReady, view.Source.Name)
			}
			return at, nil
		}
	}
	return served{}, fmt.Errorf("view %s: %w", view.Name, ErrNotKept)
}

// Sweep ends the use of every layout but the newest, and removes the feeds that it does not have,
// and the counters of views that it does not have.
func (s *State) Sweep(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	layout := s.newest()
	if layout == nil {
		return fmt.Errorf("sweep: %w", ErrNoLayout)
	}
	layouts := []*inUse{layout}
	gone := s.unused(layouts, filling, ready, left)
	changes := &store.Changes{}
	for _, f := range gone {
		if f.busy.Load() {
			return fmt.Errorf("sweep: a feed of source number %d is being filled; end that first",
				f.key.source)
		}
		prefix := appendFeed(nil, f.id)
		changes.DeleteRange(prefix, after(prefix))
		changes.Delete(f.key.meta())
	}
	views := s.foreignViews(layout)
	for _, key := range views {
		changes.Delete(key.meta())
	}
	// The status is changed before the rows go: a reader looks at it again when it is done, so that
	// it does not take a removed feed for an empty one.
	s.layouts.Store(&layouts)
	setStatus(gone, left)
	if err := s.db.Apply(ctx, changes); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, f := range gone {
		delete(s.feeds, f.key)
		s.cache.drop(f.id)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, key := range views {
		delete(s.views, key)
	}
	return nil
}

// foreignViews returns the counters of views that the layout does not have.
func (s *State) foreignViews(layout *inUse) (out []viewKey) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	for key := range s.views {
		use := layout.sources[key.source]
		named := func(v *plan.View) bool { return v.Name == key.view }
		if use == nil || !slices.ContainsFunc(use.views, named) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b viewKey) int {
		return slices.Compare(a.meta(), b.meta())
	})
	return out
}
