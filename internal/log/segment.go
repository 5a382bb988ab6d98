package log

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/fettle-ml/fettle/internal/disk"
)

// segment is a file that can be read. What changes while it grows is guarded by the log's mutex.
type segment struct {
	name string
	header
	end   int64  // readers see the bytes before it
	next  uint64 // the sequence after the last one that readers see
	marks []mark
}

// place is where a reader may begin to look for a sequence.
func (s *segment) place(sequence uint64) place {
	after := func(m mark, sequence uint64) int {
		if m.sequence > sequence {
			return 1
		}
		return -1
	}
	i, _ := slices.BinarySearchFunc(s.marks, sequence, after)
	if i == 0 {
		return place{headerSize, s.first}
	}
	return place{s.marks[i-1].offset, s.marks[i-1].sequence}
}

// listing is what stands in a log's directory, by names alone.
type listing struct {
	segments []named
	// finished are segments below the floor, which RemoveBefore did not get to.
	finished []string
	unknown  []string
	floor    uint64 // 0 if no file says it
}

type named struct {
	name  string
	first uint64
	epoch uint32
}

func list(fsys disk.Reader, dir string) (listing, error) {
	var l listing
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return l, fmt.Errorf("list log directory: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if first, epoch, ok := parseSegmentName(name); ok && !entry.IsDir() {
			l.segments = append(l.segments, named{name, first, epoch})
		} else if floor, ok := parseFloorName(name); ok && !entry.IsDir() {
			l.floor = max(l.floor, floor)
		} else {
			l.unknown = append(l.unknown, name)
		}
	}
	for len(l.segments) > 1 && l.segments[1].first <= l.floor {
		l.finished = append(l.finished, l.segments[0].name)
		l.segments = l.segments[1:]
	}
	return l, nil
}

// openSegment opens a segment for reading and reads its header. bad tells why that is damaged.
func openSegment(
	fsys disk.Reader, dir string, n named,
) (w window, size int64, h header, bad, err error) {
	file, err := fsys.Open(filepath.Join(dir, n.name))
	if err != nil {
		return window{}, 0, header{}, nil, fmt.Errorf("open log segment %s: %w", n.name, err)
	}
	w = window{file: file, name: n.name}
	if size, err = file.Size(); err != nil {
		return w, 0, header{}, nil, fmt.Errorf("size of log segment %s: %w", n.name, err)
	}
	b, err := w.at(0, headerSize, size)
	if err != nil {
		return w, 0, header{}, nil, err
	}
	h, bad = decodeHeader(b)
	if bad == nil && (h.first != n.first || h.epoch != n.epoch) {
		bad = fmt.Errorf("the header belongs to %s", segmentName(h.first, h.epoch))
	}
	return w, size, h, bad, nil
}
