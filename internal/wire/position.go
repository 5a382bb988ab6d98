package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatPosition writes a position of the log: "p:EPOCH-SEQUENCE". The first position, before all
// events, is empty.
func FormatPosition(epoch uint32, sequence uint64) string {
	if epoch == 0 && sequence == 0 {
		return ""
	}
	return "p:" + strconv.FormatUint(uint64(epoch), 10) + "-" + strconv.FormatUint(sequence, 10)
}

// ParsePosition reads what FormatPosition wrote, and nothing else.
func ParsePosition(text string) (epoch uint32, sequence uint64, err error) {
	left, right, _ := strings.Cut(strings.TrimPrefix(text, "p:"), "-")
	e, err1 := strconv.ParseUint(left, 10, 32)
	q, err2 := strconv.ParseUint(right, 10, 64)
	if err1 != nil || err2 != nil || FormatPosition(uint32(e), q) != text {
		return 0, 0, fmt.Errorf("%q is not a position; send back one that an answer gave, such as p:3-1042",
			shorten(text))
	}
	return uint32(e), q, nil
}
