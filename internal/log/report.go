package log

import "fmt"

// Report is what opening or checking a log found.
type Report struct {
	// Segments is how many segments there are, Bytes how long they are together.
	Segments int
	Bytes    int64
	// First is the lowest sequence that the log should hold, Next the one to be given next.
	First, Next uint64
	// Cuts are the remains of unfinished writes that were cut off, or would be.
	Cuts []Cut
	// Damages are what cannot be read although it was durable once, in the order of the log.
	Damages []*Damage
	// Unknown are files in the directory that are not the log's. They are left alone.
	Unknown []string
}

// Cut is the remains of an unfinished write at the end of a segment.
type Cut struct {
	Segment       string
	Offset, Bytes int64
	// From is the first sequence that was cut off. It was not acknowledged and is given again.
	From uint64
}

// String names the place and the size.
func (c Cut) String() string {
	return fmt.Sprintf("log segment %s: cut off %d bytes of an unfinished write at offset %d, "+
		"from sequence %d on", c.Segment, c.Bytes, c.Offset, c.From)
}

func (r *Report) damaged(d Damage) { r.Damages = append(r.Damages, &d) }
