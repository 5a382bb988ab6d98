package format

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/fettle-ml/fettle/internal/schema"
)

// TimeBounds implements Bounded, from the statistics of the row group. Those of the old form, whose
// order depends on the writer, are not believed.
func (u *parquetUnit) TimeBounds(wanted int) (least, greatest, rows int64, known bool) {
	w := u.scan.wanted[wanted]
	node := u.scan.input.nodes[w.Column]
	stored := node.stored
	if stored.fettle.Kind != schema.Timestamp || w.Type.Kind != schema.Timestamp || stored.local ||
		stored.kind != parquet.Int64 {
		return 0, 0, 0, false
	}
	group := &u.scan.input.parquet.Metadata().RowGroups[u.index]
	meta := &group.Columns[node.leafFrom].MetaData
	if len(meta.Statistics.MinValue) != 8 || len(meta.Statistics.MaxValue) != 8 ||
		meta.Statistics.NullCount != 0 || meta.NumValues != group.NumRows || group.NumRows == 0 {
		return 0, 0, 0, false
	}
	least = int64(binary.LittleEndian.Uint64(meta.Statistics.MinValue))
	greatest = int64(binary.LittleEndian.Uint64(meta.Statistics.MaxValue))
	switch limit := math.MaxInt64 / max(1, stored.multiply); {
	case least > greatest || least < -limit || greatest > limit:
		return 0, 0, 0, false
	case stored.multiply > 0:
		least, greatest = least*stored.multiply, greatest*stored.multiply
	case stored.divide > 0:
		least, greatest = schema.FloorDiv(least, stored.divide), schema.FloorDiv(greatest, stored.divide)
	}
	return least, greatest, group.NumRows, true
}
