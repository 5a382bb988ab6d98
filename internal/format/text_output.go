package format

import "io"

// formatRows is how many rows one goroutine writes at a time.
const formatRows = 4096

// writeTexts writes rows that format turns to text, on all processors.
func writeTexts(w io.Writer, rows int, format func(from, to int) []byte) error {
	parts := (rows + formatRows - 1) / formatRows
	// A few parts at a time, so that the text of a large batch need not fit into memory.
	const together = 64
	for first := 0; first < parts; first += together {
		texts := make([][]byte, min(together, parts-first))
		err := parallel(len(texts), func(i int) error {
			from := (first + i) * formatRows
			texts[i] = format(from, min(rows, from+formatRows))
			return nil
		})
		if err != nil {
			return err
		}
		for _, text := range texts {
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	return nil
}
