package disk

import (
	"bytes"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
)

// Loss is what a crash did.
type Loss struct {
	// Files is how many files lost or kept unsynced bytes, Names how many names changed.
	Files, Names int
	// Lost is how many unsynced bytes are gone.
	Lost int64
	// Torn is how many files end within what was written, Holed how many have old bytes in it.
	Torn, Holed int
}

// StopAfter lets the power go during the n-th call from now that changes something.
func (f *Fragile) StopAfter(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopAt = f.calls + n
}

// Stop lets the power go now.
func (f *Fragile) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
}

// Stopped reports whether the power is gone.
func (f *Fragile) Stopped() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}

// Calls is how many calls that change something there were.
func (f *Fragile) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// FailCall lets the n-th call from now that changes something fail, without any effect but, for a
// Sync, the loss of what it should have saved.
func (f *Fragile) FailCall(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures[f.calls+n] = err
}

// SetSpace bounds the bytes that can still be written; a negative number lifts the bound.
func (f *Fragile) SetSpace(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = -1
	if bytes >= 0 {
		f.capacity = f.used() + bytes
	}
}

func (f *Fragile) used() (bytes int64) {
	for _, n := range f.live {
		bytes += int64(len(n.data))
	}
	return bytes
}

// space is how many bytes can be written, or negative if there is no bound.
func (f *Fragile) space() int64 {
	if f.capacity < 0 {
		return -1
	}
	return max(0, f.capacity-f.used())
}

// Flip turns one bit of a file over, on the disk as in memory.
func (f *Fragile) Flip(name string, bit int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.live[clean(name)]
	if n == nil || bit < 0 || bit/8 >= int64(len(n.data)) {
		return &fs.PathError{Op: "flip", Path: name, Err: fs.ErrInvalid}
	}
	for _, data := range [][]byte{n.data, n.synced} {
		if bit/8 < int64(len(data)) {
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
	return nil
}

// Kill ends the process but not the machine: open files are gone, every byte and name is still
// there, and what was not synced is still not.
func (f *Fragile) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restart()
}

func (f *Fragile) restart() {
	f.life++
	f.stopped, f.stopAt = false, 0
	clear(f.failures)
}

// Crash lets the power go, if it has not, and come back. Each file that has unsynced bytes keeps
// none, all or a part of them, cut at any byte, possibly with holes of zeros or old bytes; each name
// that is not synced is there or not. What is left is durable.
func (f *Fragile) Crash(rng *rand.Rand) Loss {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restart()
	var loss Loss
	f.surviveNames(rng, &loss)
	survived := map[*inode]bool{}
	for _, name := range slices.Sorted(maps.Keys(f.live)) {
		if n := f.live[name]; !survived[n] {
			survived[n] = true
			n.survive(rng, &loss)
		}
	}
	f.durable, f.renames = maps.Clone(f.live), nil
	return loss
}

// surviveNames decides name by name between the last synced state and the newest one. Names that a
// rename joins are decided together.
func (f *Fragile) surviveNames(rng *rand.Rand, loss *Loss) {
	names := maps.Clone(f.live)
	maps.Copy(names, f.durable)
	group := map[string]string{}
	leader := func(name string) string {
		for group[name] != "" {
			name = group[name]
		}
		return name
	}
	for _, pair := range f.renames {
		if a, b := leader(pair[0]), leader(pair[1]); a != b {
			group[a] = b
		}
	}
	newest := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if f.live[name] == f.durable[name] {
			continue
		}
		loss.Names++
		choice, decided := newest[leader(name)]
		if !decided {
			choice = rng.IntN(2) == 0
			newest[leader(name)] = choice
		}
		switch old := f.durable[name]; {
		case choice:
		case old == nil:
			delete(f.live, name)
		default:
			f.live[name] = old
		}
	}
}

// survive decides what is left of a file's content.
func (n *inode) survive(rng *rand.Rand, loss *Loss) {
	base := len(n.synced)
	defer func() { n.data, n.lost = slices.Clone(n.synced), nil }()
	if bytes.Equal(n.data, n.synced) {
		return
	}
	loss.Files++
	if len(n.data) < base || !bytes.Equal(n.data[:base], n.synced) {
		if rng.IntN(2) == 0 {
			n.sync()
		}
		return
	}
	whole := slices.Clone(n.data)
	n.sync()
	switch end := base + rng.IntN(len(whole)-base); rng.IntN(4) {
	case 0: // nothing
		n.synced = n.synced[:base]
	case 1: // everything
	case 2:
		n.synced = n.synced[:end]
		loss.Torn++
	default:
		if rng.IntN(2) == 0 {
			n.synced = n.synced[:end]
		}
		n.hole(rng, base)
		loss.Holed++
	}
	loss.Lost += int64(len(whole) - len(n.synced))
}

// hole puts old bytes at places from base on: zeros, chance, or what stands elsewhere in the file.
func (n *inode) hole(rng *rand.Rand, base int) {
	for range 1 + rng.IntN(3) {
		if base >= len(n.synced) {
			return
		}
		from := base + rng.IntN(len(n.synced)-base)
		to := from + 1 + rng.IntN(len(n.synced)-from)
		part := n.synced[from:to]
		switch rng.IntN(3) {
		case 0:
			clear(part)
		case 1:
			for i := range part {
				part[i] = byte(rng.Uint32())
			}
		default:
			copy(part, n.synced[rng.IntN(from+1):])
		}
	}
}
