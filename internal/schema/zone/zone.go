// Package zone converts between wall clocks and UTC with a time-zone database of its own, so that
// a result does not depend on the machine's. A Zone is immutable and safe for concurrent use.
package zone

import (
	"archive/zip"
	"bytes"
	_ "embed" // the database
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Version is the release of the embedded IANA database; it is part of a dataset's identity.
const Version = "2025c"

// archive is the zone database as the Go distribution of the same release packs it.
//
//go:embed zoneinfo.zip
var archive []byte

// zones gives every zone of the archive, each read when it is first asked for.
var zones = sync.OnceValue(func() map[string]func() (*Zone, error) {
	loaders := map[string]func() (*Zone, error){}
	for name, file := range entries() {
		loaders[name] = sync.OnceValues(func() (*Zone, error) {
			location, err := open(file)
			if err != nil {
				return nil, fmt.Errorf("load time zone %s: %w", name, err)
			}
			return &Zone{name: name, spans: spansOf(location)}, nil
		})
	}
	return loaders
})

var entries = sync.OnceValue(func() map[string]*zip.File {
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic(fmt.Sprintf("BUG: the embedded zone database does not open: %v", err))
	}
	files := make(map[string]*zip.File, len(reader.File))
	for _, file := range reader.File {
		if !strings.HasSuffix(file.Name, "/") {
			files[file.Name] = file
		}
	}
	return files
})

// Zone is one time zone: the spans of constant offset over the accepted years.
type Zone struct {
	name  string
	spans []span
}

// span is a run of instants with one offset; it ends where the next one starts.
type span struct {
	start  int64 // UTC microseconds
	offset int64 // microseconds to add to UTC
}

// Load returns the zone of an IANA name such as Europe/Paris, or UTC.
func Load(name string) (*Zone, error) {
	if name == "UTC" {
		return &Zone{name: name, spans: []span{{start: schema.MinTime - schema.Week}}}, nil
	}
	load, found := zones()[name]
	if !found {
		return nil, fmt.Errorf("unknown time zone %q; write an IANA name such as Europe/Paris, or UTC", name)
	}
	return load()
}

func open(file *zip.File) (*time.Location, error) {
	content, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(file.Name, data)
}

// spansOf probes the offset once a day over the accepted years and a week on each side, and finds
// the instant of each change by bisection. Two changes within a day would be missed; the test
// compares every zone with the library's own lookup. (Time.ZoneBounds is no help: beyond a zone's
// table its bounds end with the year, possibly at the very instant asked about.)
func spansOf(location *time.Location) []span {
	at, end := schema.MinTime-schema.Week, schema.MaxTime+schema.Week
	spans := []span{{start: at, offset: offsetAt(location, at)}}
	for ; at < end; at += schema.Day {
		last := spans[len(spans)-1]
		if offset := offsetAt(location, at+schema.Day); offset != last.offset {
			step := sort.Search(int(schema.Day/schema.Second), func(i int) bool {
				return offsetAt(location, at+int64(i)*schema.Second) != last.offset
			})
			spans = append(spans, span{start: at + int64(step)*schema.Second, offset: offset})
		}
	}
	return spans
}

func offsetAt(location *time.Location, micros int64) int64 {
	_, offset := time.UnixMicro(micros).In(location).Zone()
	return int64(offset) * schema.Second
}

// Name returns the name the zone was loaded by.
func (z *Zone) Name() string { return z.name }

// ToWall returns the wall clock of an instant, as the microseconds of the same clock in UTC.
func (z *Zone) ToWall(utc int64) int64 { return utc + z.spans[z.at(utc)].offset }

// at returns the span of an instant; instants before the first belong to it.
func (z *Zone) at(utc int64) int {
	if len(z.spans) == 1 {
		return 0
	}
	return max(0, sort.Search(len(z.spans), func(i int) bool { return z.spans[i].start > utc })-1)
}

// ToUTC returns the instant of a wall clock. A clock that occurs twice (fold) is read with the
// earlier offset; one that does not occur (gap) is moved forward by the gap's length.
func (z *Zone) ToUTC(wall int64) (utc int64, fold, gap bool) {
	i, occurs := z.locate(wall)
	utc = wall - z.spans[i].offset
	if occurs && i+1 < len(z.spans) {
		fold = wall-z.spans[i+1].offset >= z.spans[i+1].start
	}
	return utc, fold, !occurs
}

// First returns the first instant at which the wall clock shows wall or has jumped over it: what a
// schedule at that time of day means. In a fold it is the earlier one, in a gap the gap's end.
func (z *Zone) First(wall int64) int64 {
	i, occurs := z.locate(wall)
	if !occurs {
		return z.spans[i+1].start
	}
	return wall - z.spans[i].offset
}

// locate returns the first span in which the wall clock occurs; without one, the span before the
// gap it falls into.
func (z *Zone) locate(wall int64) (index int, occurs bool) {
	// No offset reaches a day, so the first candidate is the span of a day before.
	for i := z.at(wall - schema.Day); ; i++ {
		utc := wall - z.spans[i].offset
		last := i+1 == len(z.spans)
		if last || utc < z.spans[i+1].start {
			return i, true
		}
		if wall-z.spans[i+1].offset < z.spans[i+1].start {
			return i, false
		}
	}
}
