package log

import (
	"fmt"
	"strconv"
	"strings"
)

// Every name in a log's directory. Names of segments sort as their first sequences do.
const (
	segmentSuffix = ".log"
	floorSuffix   = ".floor"
)

// segmentName is the file of the records from a sequence on, written in an epoch.
func segmentName(first uint64, epoch uint32) string {
	return fmt.Sprintf("%020d-%010d%s", first, epoch, segmentSuffix)
}

func parseSegmentName(name string) (first uint64, epoch uint32, ok bool) {
	stem, isSegment := strings.CutSuffix(name, segmentSuffix)
	left, right, _ := strings.Cut(stem, "-")
	first, err := strconv.ParseUint(left, 10, 64)
	wide, err2 := strconv.ParseUint(right, 10, 32)
	epoch = uint32(wide)
	ok = isSegment && err == nil && err2 == nil && first > 0 && segmentName(first, epoch) == name
	return first, epoch, ok
}

// floorName is the empty file whose name alone says from which sequence on the log must be whole.
// It moves by being renamed, because that works on a full disk too.
func floorName(floor uint64) string {
	return fmt.Sprintf("%020d%s", floor, floorSuffix)
}

func parseFloorName(name string) (floor uint64, ok bool) {
	stem, isFloor := strings.CutSuffix(name, floorSuffix)
	floor, err := strconv.ParseUint(stem, 10, 64)
	return floor, isFloor && err == nil && floor > 0 && floorName(floor) == name
}
