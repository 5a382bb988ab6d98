package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

// TestCrashes lets the power go at any call of a commit, and looks for what was answered: every
// revision that Commit returned is there, what follows is what was being written, and nothing is
// ever half.
func TestCrashes(t *testing.T) {
	t.Parallel()
	const seed, cycles = 41, 400
	rng := rand.New(rand.NewPCG(seed, 0))
	p, texts := compile(t, cards)
	fsys := disk.NewFragile()
	var known []*Revision // answered, or found after a crash
	var torn, landed, failed int
	for cycle := range cycles {
		r := open(t, fsys)
		checkHistory(t, r, known)
		if current := r.Current(); current != nil && current.Number > len(known) {
			landed++
			known = append(known, current)
		}
		fail := rng.IntN(3) == 0
		if fail {
			fsys.FailCall(1+rng.IntN(8), syscall.EIO)
		} else {
			fsys.StopAfter(1 + rng.IntN(12))
		}
		for i := range 3 {
			texts.Lock = fmt.Sprintf("cycle %d.%d", cycle, i)
			revision, err := r.Commit(context.Background(), r.Propose(p, texts), "", int64(cycle), nil)
			switch {
			case err == nil:
				known = append(known, revision)
			case fail && !errors.Is(err, ErrStale) && !errors.Is(err, syscall.EIO):
				t.Fatalf("seed %d, cycle %d: %v", seed, cycle, err)
			default:
				failed++
			}
			// A commit may be found by the next one, which is told that it is too late.
			if current := r.Current(); current != nil && current.Number > len(known) {
				landed++
				known = append(known, current)
			}
		}
		// Whoever opens the directory after the process alone has died rests on what it finds.
		if rng.IntN(3) == 0 {
			fsys.Kill()
			if current := open(t, fsys).Current(); current != nil && current.Number > len(known) {
				landed++
				known = append(known, current)
			}
		}
		if loss := fsys.Crash(rng); loss.Names+loss.Files > 0 {
			torn++
		}
		if t.Failed() {
			t.Fatalf("seed %d, cycle %d", seed, cycle)
		}
	}
	t.Logf("%d cycles: %d revisions, %d failed commits, %d found afterwards, %d crashes lost something",
		cycles, len(known), failed, landed, torn)
	if len(known) < 100 || failed < 100 || landed < 10 || torn < 50 {
		t.Error("the crashes did not reach enough")
	}
}

// checkHistory compares all revisions with those that are known to have been committed.
func checkHistory(t *testing.T, r *Registry, known []*Revision) {
	t.Helper()
	current := r.Current()
	if current == nil {
		if len(known) > 0 {
			t.Errorf("%d revisions are gone", len(known))
		}
		return
	}
	if current.Number < len(known) || current.Number > len(known)+1 {
		t.Errorf("the newest revision is %d, %d are known", current.Number, len(known))
		return
	}
	// All of them in each of hundreds of cycles would take long; the oldest were looked at often.
	for number := max(1, len(known)-5); number <= len(known); number++ {
		got, err := r.Revision(number)
		if err != nil || !reflect.DeepEqual(got, known[number-1]) {
			t.Errorf("revision %d is another one: %v", number, err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	r := open(t, fsys)
	first := apply(t, r, cards, 1)
	fsys.SetSpace(100)
	p := r.Propose(compile(t, cards+"# more\n"))
	_, err := r.Commit(context.Background(), p, "", 2, nil)
	if !disk.IsFull(err) || r.Current() != first {
		t.Errorf("on a full disk: %v", err)
	}
	fsys.SetSpace(-1)
	if _, err := r.Commit(context.Background(), p, "", 2, nil); err != nil {
		t.Errorf("after there was room again: %v", err)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	r := open(t, fsys)
	apply(t, r, cards, 1)
	apply(t, r, cards+"# more\n", 2)
	name := folder + "/000002.json"
	data, err := r.readFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// Every bit of the fixed text at both ends, and some of what is between.
	flips := 0
	for bit := range 8 * len(data) {
		if at := bit / 8; at > 100 && at < len(data)-100 && bit%97 != 0 {
			continue
		}
		flips++
		flip(t, fsys, name, int64(bit))
		_, err := Open(fsys, folder)
		var damaged *DamagedError
		if !errors.As(err, &damaged) || damaged.File != name {
			t.Fatalf("bit %d: %v", bit, err)
		}
		flip(t, fsys, name, int64(bit))
	}
	if flips < 1800 {
		t.Errorf("only %d bits were flipped", flips)
	}
	for size := range len(data) {
		if _, err := decode(data[:size]); err == nil {
			t.Fatalf("cut at byte %d it is a revision", size)
		}
	}
	flip(t, fsys, folder+"/000001.json", 500)
	if _, err := open(t, fsys).Revision(1); err == nil || !strings.Contains(err.Error(), "000001.json") {
		t.Errorf("an older revision that is damaged: %v", err)
	}
}

func flip(t *testing.T, fsys *disk.Fragile, name string, bit int64) {
	t.Helper()
	if err := fsys.Flip(name, bit); err != nil {
		t.Fatal(err)
	}
}

func TestOtherFiles(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	r := open(t, fsys)
	apply(t, r, cards, 1)
	apply(t, r, cards+"# more\n", 2)
	data, err := r.readFile(folder + "/000002.json")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string) {
		t.Helper()
		err := disk.WriteFile(fsys, folder+"/"+name, func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// Names that are not ours are left alone, an unfinished file is removed.
	for _, name := range []string{"notes.txt", "0003.json", "+00003.json", "000003.json.partial"} {
		write(name)
	}
	if got := open(t, fsys).Current().Number; got != 2 {
		t.Errorf("the newest revision is %d", got)
	}
	if _, err := fsys.Stat(folder + "/000003.json.partial"); err == nil {
		t.Error("an unfinished file was left")
	}
	if _, err := fsys.Stat(folder + "/notes.txt"); err != nil {
		t.Error("a file of somebody else was removed")
	}
	f := func(name, want string) {
		t.Helper()
		write(name)
		_, err := Open(fsys, folder)
		var damaged *DamagedError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	f("000003.json", "000003.json: it is revision 2 under another name")
	f("000005.json", "000004.json: the file is missing")
}
