package state

// The bounds of what an order of arrival has room for.
const (
	// MaxRows is how many rows one record may have.
	MaxRows = 1 << rowBits
	// MaxSequence is the greatest sequence of a record.
	MaxSequence = 1<<(63-rowBits) - 1

	rowBits  = 20
	fileBits = 40
	live     = 1 << 63
)

// RowOrder is the place of a row of the log among the events of one time: by record, then by row.
func RowOrder(sequence uint64, row int) uint64 { return live | sequence<<rowBits | uint64(row) }

// OrderOf is the record and row that a RowOrder stands for.
func OrderOf(order uint64) (sequence uint64, row int) {
	return order &^ live >> rowBits, int(order & (MaxRows - 1))
}

// FileOrder is the place of a row of a file: by file, in the order of paths, then by row, and
// before every row of the log.
func FileOrder(file, row int) uint64 { return uint64(file)<<fileBits | uint64(row) }
