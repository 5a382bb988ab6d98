package log

import (
	"fmt"
	"path/filepath"
)

// RemoveBefore removes the segments whose records all come before a sequence, but never the newest
// one, and returns how many it removed. It works on a full disk. Readers in a removed segment may
// read it to its end or get ErrRemoved.
func (l *Log) RemoveBefore(sequence uint64) (removed int, err error) {
	l.removing.Lock()
	defer l.removing.Unlock()
	l.mu.Lock()
	count := 0
	for count < len(l.segments)-1 && l.segments[count].next <= sequence {
		count++
	}
	if count == 0 {
		l.mu.Unlock()
		return 0, nil
	}
	old, to := l.segments[:count], l.segments[count].first
	l.mu.Unlock()

	// The new beginning is durable first: a segment that is then missing is known to be removed.
	path := func(name string) string { return filepath.Join(l.dir, name) }
	if from := l.floorFile; from != to {
		if err := l.fs.Rename(path(floorName(from)), path(floorName(to))); err != nil {
			return 0, fmt.Errorf("move the beginning of the log to sequence %d: %w", to, err)
		}
		l.floorFile = to
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return 0, fmt.Errorf("move the beginning of the log to sequence %d: %w", to, err)
	}
	l.mu.Lock()
	l.floor = to
	l.segments = l.segments[count:]
	l.mu.Unlock()
	for _, s := range old {
		if err := l.fs.Remove(path(s.name)); err != nil {
			return removed, fmt.Errorf("remove log segment %s: %w", s.name, err)
		}
		removed++
	}
	return removed, nil
}
