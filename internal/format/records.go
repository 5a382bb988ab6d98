package format

import "bytes"

// Records walks over the records of a text that is held in memory, with the numbers that a scan
// gives their rows, until visit returns false. It is for those who want to keep what a row was
// written as. It returns the header, which JSON lines do not have; Parquet has no records.
func Records(kind Format, text []byte, visit func(row, line int64, record []byte) bool) []byte {
	text = bytes.TrimPrefix(text, markUTF8)
	switch kind {
	case JSONL:
		visitLines(text, visit)
		return nil
	case CSV:
		end, lines := recordEnd(text)
		if end < 0 {
			return text
		}
		var cut cutter
		header, _, _ := cut.next(text[:end])
		visitRecords(text[end:], lines+1, len(header), visit)
		return text[:end]
	default:
		return nil
	}
}

func visitLines(text []byte, visit func(row, line int64, record []byte) bool) {
	row := int64(0)
	for line := int64(1); len(text) > 0; line++ {
		var record []byte
		record, text, _ = bytes.Cut(text, []byte{'\n'})
		if blank(record) {
			continue
		}
		if row++; !visit(row, line, bytes.TrimSuffix(record, []byte{'\r'})) {
			return
		}
	}
}

func visitRecords(text []byte, line int64, width int, visit func(row, line int64, record []byte) bool) {
	var cut cutter
	for row := int64(0); len(text) > 0; {
		fields, n, problem := cut.next(text)
		record := text[:n]
		empty := problem == "" && width > 1 && len(fields) == 1 && fields[0].null()
		if !empty {
			if row++; !visit(row, line, bytes.TrimRight(record, "\r\n")) {
				return
			}
		}
		line += int64(bytes.Count(record, []byte{'\n'}))
		text = text[n:]
	}
}
