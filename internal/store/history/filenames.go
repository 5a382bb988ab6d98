package history

import (
	"fmt"
	"strconv"
	"strings"
)

// The names of files in the directory of a source.
const (
	manifestName  = "manifest.json"
	partSuffix    = ".parquet"
	partialSuffix = ".partial" // what disk.WriteFile leaves when it is interrupted
)

func partName(from, to uint64) string { return fmt.Sprintf("%020d-%020d%s", from, to, partSuffix) }

// isPart reports whether a file may have been made as a part.
func isPart(name string) bool {
	from, rest, found := strings.Cut(name, "-")
	to, ends := strings.CutSuffix(rest, partSuffix)
	if !found || !ends || len(from) != 20 || len(to) != 20 {
		return false
	}
	_, first := strconv.ParseUint(from, 10, 64)
	_, second := strconv.ParseUint(to, 10, 64)
	return first == nil && second == nil
}

// isPartial reports whether a file is the rest of an interrupted write of this package.
func isPartial(name string) bool {
	name, found := strings.CutSuffix(name, partialSuffix)
	return found && (name == manifestName || isPart(name))
}
