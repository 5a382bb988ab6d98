package format

import (
	"bytes"
	"fmt"
)

// csvField is one field of a record, as it stands in the file.
type csvField struct {
	raw    []byte // with quotes
	quoted bool
	inner  bool // quotes inside are doubled
}

// text returns the field's content.
func (f csvField) text() []byte {
	if !f.quoted {
		return f.raw
	}
	text := f.raw[1 : len(f.raw)-1]
	if f.inner {
		text = bytes.ReplaceAll(text, []byte(`""`), []byte(`"`))
	}
	return text
}

// null reports whether the field is empty and not quoted.
func (f csvField) null() bool { return len(f.raw) == 0 }

// cutter cuts records into fields. Its slice is used again for each record.
type cutter struct{ fields []csvField }

// next cuts the first record off data, which holds whole records, and returns its fields and the
// number of bytes up to the next record. problem says why the record cannot be cut.
func (c *cutter) next(data []byte) (fields []csvField, length int, problem string) {
	c.fields = c.fields[:0]
	for at := 0; ; {
		if at < len(data) && data[at] == '"' {
			f, end, problem := cutQuoted(data, at)
			if problem != "" {
				return nil, skipRecord(data), problem
			}
			c.fields = append(c.fields, f)
			at = end
		} else {
			start := at
			for at < len(data) && data[at] != ',' && data[at] != '\n' {
				at++
			}
			f := csvField{raw: data[start:at]}
			if n := len(f.raw); n > 0 && f.raw[n-1] == '\r' && (at == len(data) || data[at] == '\n') {
				f.raw = f.raw[:n-1]
			}
			c.fields = append(c.fields, f)
		}
		if at == len(data) {
			return c.fields, at, ""
		}
		at++
		if data[at-1] == '\n' {
			return c.fields, at, ""
		}
	}
}

// cutQuoted reads a quoted field and returns where the comma, the line end or the end behind it is.
func cutQuoted(data []byte, start int) (f csvField, end int, problem string) {
	f.quoted = true
	for at := start + 1; ; {
		n := bytes.IndexByte(data[at:], '"')
		if n < 0 {
			return f, 0, "a quote is not closed"
		}
		at += n + 1
		if at < len(data) && data[at] == '"' {
			f.inner = true
			at++
			continue
		}
		f.raw = data[start:at]
		if at < len(data) && data[at] == '\r' && (at+1 == len(data) || data[at+1] == '\n') {
			at++
		}
		if at < len(data) && data[at] != ',' && data[at] != '\n' {
			return f, 0, fmt.Sprintf("a comma or the end of the line must follow the closing quote, "+
				"not %q; a quote inside quotes is doubled", data[at])
		}
		return f, at, ""
	}
}

// skipRecord returns the length of a record that cannot be cut.
func skipRecord(data []byte) int {
	if end, _ := recordEnd(data); end > 0 {
		return end
	}
	return len(data)
}
