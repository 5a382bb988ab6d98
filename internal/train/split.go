package train

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Split divides the rows of a training set into parts by their time. Exactly one of Until and Share
// says how far the parts reach, for all of them.
type Split struct {
	Parts []SplitPart // in the order of time
	// Embargo leaves out the rows of so many microseconds after each boundary: what they are about
	// may overlap with what the part before was told.
	Embargo int64
}

// SplitPart is one part: the rows before Until that are in no part before it.
type SplitPart struct {
	Name  string
	Until int64 // exclusive; lastTime for the last part
	Share int64 // billionths of all rows with a time; 0: Until says it
}

// lastTime is the end of a part that has none.
const lastTime = math.MaxInt64

const (
	wholeShare = 1_000_000_000
	mostParts  = 32
)

// ParseSplit reads "train:..2024-03-01,valid:..2024-04-01,test", where a part begins where the one
// before ends and the last has no end, or shares of the rows: "train:0.8,valid:0.1,test:0.1", or just
// 0.8/0.2 for train and test, and 0.8/0.1/0.1 with valid between. instant reads a time.
func ParseSplit(text string, instant func(string) (int64, error)) (*Split, error) {
	parts := strings.Split(text, ",")
	if bare := strings.Split(text, "/"); len(parts) == 1 && !strings.Contains(text, ":") && len(bare) > 1 {
		names := map[int][]string{2: {"train", "test"}, 3: {"train", "valid", "test"}}[len(bare)]
		if names == nil {
			return nil, fmt.Errorf("%q has %d parts; name them, as in train:0.8,test:0.2", text, len(bare))
		}
		for i, share := range bare {
			bare[i] = names[i] + ":" + share
		}
		parts = bare
	}
	s := &Split{}
	for i, part := range parts {
		p, err := parsePart(strings.TrimSpace(part), i == len(parts)-1, instant)
		if err != nil {
			return nil, err
		}
		s.Parts = append(s.Parts, p)
	}
	return s, s.check()
}

func parsePart(text string, last bool, instant func(string) (int64, error)) (SplitPart, error) {
	name, until, found := strings.Cut(text, ":")
	p := SplitPart{Name: strings.TrimSpace(name), Until: lastTime}
	if err := schema.CheckName(p.Name); err != nil {
		return p, fmt.Errorf("part %q: %w", p.Name, err)
	}
	until = strings.TrimSpace(until)
	switch end, ends := strings.CutPrefix(until, ".."); {
	case !found && last:
		return p, nil
	case !found:
		return p, fmt.Errorf("part %s has no end; write %s:..2024-03-01", p.Name, p.Name)
	case ends && last:
		return p, fmt.Errorf("the last part, %s, takes all rows that are left; write only its name", p.Name)
	case ends:
		var err error
		if p.Until, err = instant(end); err != nil {
			return p, fmt.Errorf("part %s: %w", p.Name, err)
		}
		return p, nil
	default:
		share, err := parseShare(until)
		if err != nil {
			return p, fmt.Errorf("part %s: %w", p.Name, err)
		}
		p.Share, p.Until = share, 0
		return p, nil
	}
}

// parseShare reads a share exactly: binary fractions would not add up to one.
func parseShare(text string) (int64, error) {
	whole, digits, _ := strings.Cut(text, ".")
	wrong := fmt.Errorf("%q is no end and no share; write ..2024-03-01, or a share such as 0.8 with up to nine digits",
		text)
	if whole != "0" && whole != "" || digits == "" || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		return 0, wrong
	}
	n, err := strconv.ParseInt(digits+strings.Repeat("0", 9-len(digits)), 10, 64)
	if err != nil || n == 0 {
		return 0, wrong
	}
	return n, nil
}

// check refuses parts that do not fit together.
func (s *Split) check() error {
	switch {
	case len(s.Parts) < 2:
		return fmt.Errorf("one part is no split; write train:..2024-03-01,test")
	case len(s.Parts) > mostParts:
		return fmt.Errorf("%d parts; up to %d are possible", len(s.Parts), mostParts)
	}
	sum, shares := int64(0), 0
	for i, p := range s.Parts {
		if slices.ContainsFunc(s.Parts[:i], func(o SplitPart) bool { return o.Name == p.Name }) {
			return fmt.Errorf("two parts are named %s", p.Name)
		}
		if p.Share > 0 {
			shares++
			sum += p.Share
		} else if i > 0 && p.Until <= s.Parts[i-1].Until {
			return fmt.Errorf("part %s ends before it begins; write the parts in the order of time", p.Name)
		}
	}
	switch {
	case shares > 0 && shares < len(s.Parts):
		return fmt.Errorf("some parts have an end and some a share; write one of the two for all")
	case shares > 0 && sum != wholeShare:
		return fmt.Errorf("the shares add up to %s and not to 1", shareText(sum))
	}
	return nil
}

// String writes the split as ParseSplit reads it, with times in UTC.
func (s *Split) String() string {
	var parts []string
	for i, p := range s.Parts {
		switch {
		case p.Share > 0:
			parts = append(parts, p.Name+":"+shareText(p.Share))
		case i < len(s.Parts)-1:
			parts = append(parts, p.Name+":.."+schema.FormatTime(p.Until))
		default:
			parts = append(parts, p.Name)
		}
	}
	return strings.Join(parts, ",")
}

func shareText(share int64) string {
	text := fmt.Sprintf("%d.%09d", share/wholeShare, share%wholeShare)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// timeCount is a number of rows of one time.
type timeCount struct{ time, rows int64 }

// resolve gives each part an end. Of shares, the end of a part is the time of the row that is the
// first behind its share, in the order of times: rows of one time stay together.
func (s *Split) resolve(counts []timeCount) *partition {
	p := &partition{embargo: s.Embargo, until: make([]int64, len(s.Parts))}
	if s.Parts[0].Share == 0 {
		for i, part := range s.Parts {
			p.until[i] = part.Until
		}
		return p
	}
	total := int64(0)
	for _, c := range counts {
		total += c.rows
	}
	share, before, at := int64(0), int64(0), 0
	for i, part := range s.Parts[:len(s.Parts)-1] {
		share += part.Share
		// Split in two so that the product stays in 64 bits.
		first := total/wholeShare*share + total%wholeShare*share/wholeShare
		for at < len(counts) && before+counts[at].rows <= first {
			before += counts[at].rows
			at++
		}
		p.until[i] = lastTime
		if at < len(counts) {
			p.until[i] = counts[at].time
		}
	}
	p.until[len(s.Parts)-1] = lastTime
	return p
}

// partition says to which part a row belongs.
type partition struct {
	until   []int64 // by part, exclusive
	embargo int64
}

// Rows that are in no part.
const (
	embargoed = int16(-1)
	untimed   = int16(-2)
)

// of returns the part of a time.
func (p *partition) of(t int64) int16 {
	part := 0
	for part < len(p.until)-1 && t >= p.until[part] {
		part++
	}
	for _, boundary := range p.until[:part] {
		if t-boundary < p.embargo {
			return embargoed
		}
	}
	return int16(part)
}

// rows returns the part of each row, by the label's own time; nil without a split.
func (p *partition) rows(rows engine.Rows) []int16 {
	if p == nil {
		return nil
	}
	parts := make([]int16, rows.Count)
	for i := range parts {
		if parts[i] = untimed; rows.Valid == nil || rows.Valid[i] {
			parts[i] = p.of(rows.AgeTimes[i])
		}
	}
	return parts
}

// from is where a part begins; false: it has no beginning.
func (p *partition) from(part int) (int64, bool) {
	if part == 0 {
		return 0, false
	}
	return p.until[part-1], true
}

// countTimes counts the rows of each time, in the order of times.
func countTimes(rows engine.Rows) []timeCount {
	times := make([]int64, 0, rows.Count)
	for i := range rows.Count {
		if rows.Valid == nil || rows.Valid[i] {
			times = append(times, rows.AgeTimes[i])
		}
	}
	slices.Sort(times)
	var counts []timeCount
	for _, t := range times {
		if n := len(counts); n == 0 || counts[n-1].time != t {
			counts = append(counts, timeCount{time: t})
		}
		counts[len(counts)-1].rows++
	}
	return counts
}
