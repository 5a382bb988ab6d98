package window

// DistinctCap is the number of distinct values above which a count is refused.
const DistinctCap = 10_000

// distinct counts the distinct values of a range that moves. Forward is the usual way; a window goes
// back where an event that comes late joins two sessions.
type distinct struct {
	counts   []int32 // by number of a value
	from, to int
	present  int
	epoch    int // of the lane when the range was started
}

func (d *distinct) start(values int) {
	d.counts = resize(d.counts, values)
	clear(d.counts)
	d.from, d.to, d.present = 0, 0, 0
}

func (d *distinct) add(number int32) {
	if d.counts[number] == 0 {
		d.present++
	}
	d.counts[number]++
}

func (d *distinct) remove(number int32) {
	d.counts[number]--
	if d.counts[number] == 0 {
		d.present--
	}
}

// move makes the range [from, to), which is not empty. It costs the values that come and go, and no
// more than those of both ranges.
func (d *distinct) move(numbers []int32, from, to int) {
	if from >= d.to || to <= d.from { // nothing of the old range stays
		for _, number := range numbers[d.from:d.to] {
			d.counts[number] = 0
		}
		d.from, d.to, d.present = from, from, 0
	}
	for ; d.to < to; d.to++ {
		d.add(numbers[d.to])
	}
	for ; d.from > from; d.from-- {
		d.add(numbers[d.from-1])
	}
	for ; d.from < from; d.from++ {
		d.remove(numbers[d.from])
	}
	for ; d.to > to; d.to-- {
		d.remove(numbers[d.to-1])
	}
}
