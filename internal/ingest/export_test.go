package ingest

// Encode makes the payload of a record with all of its rows.
func Encode(r *Record) ([]byte, error) {
	rows := make([]uint32, r.Rows())
	for i := range rows {
		rows[i] = uint32(i)
	}
	return appendPayload(nil, r, selection{r.EventTime, r.Columns, rows})
}
