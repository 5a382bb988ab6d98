package ingest

import (
	"encoding/binary"
	"fmt"

	"github.com/fettle-ml/fettle/internal/log"
)

// Mark says that the events up to a sequence, and behind the mark before it, are visible to reads
// from a time on. It stands behind them in the log, not always at once.
type Mark struct {
	Through   uint64
	VisibleAt int64
}

func (m Mark) record() log.Record {
	payload := binary.AppendUvarint([]byte{payloadVersion}, m.Through)
	payload = binary.AppendVarint(payload, m.VisibleAt)
	return log.Record{Op: log.Mark, ReceivedAt: m.VisibleAt, Payload: payload}
}

// DecodeMark reads a record of operation Mark.
func DecodeMark(entry log.Entry) (Mark, error) {
	d := &decoder{data: entry.Payload}
	if version := d.byte(); version != payloadVersion || entry.Op != log.Mark {
		d.fail("it is no mark of this release")
	}
	m := Mark{Through: d.uvarint()}
	v, n := binary.Varint(d.data)
	if n <= 0 || n != len(d.data) || m.Through >= entry.Sequence {
		d.fail("it is no mark")
	}
	m.VisibleAt = v
	if err := d.err(entry.Position); err != nil {
		return Mark{}, fmt.Errorf("mark: %w", err)
	}
	return m, nil
}
