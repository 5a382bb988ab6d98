package ingest_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
)

// Whatever byte the log's last segment ends at, what is left is whole requests, and sending all of
// them again gives each event once.
func TestTailCutAtEveryByte(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	var bodies []string
	for n := range 4 {
		body := event(fmt.Sprint(n), noon) + event(fmt.Sprint("x", n), noon) + event("0", noon) + "{}\n"
		bodies = append(bodies, body)
		if err := f.in.Wait(t.Context(), f.push(body).Position); err != nil {
			t.Fatal(err)
		}
	}
	f.close()
	names, err := f.fs.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	longest := ""
	for _, name := range names {
		file, err := f.fs.Open("log/" + name.Name())
		if err != nil {
			t.Fatal(err)
		}
		if files[name.Name()], err = io.ReadAll(file); err != nil {
			t.Fatal(err)
		}
		if len(files[name.Name()]) > len(files[longest]) {
			longest = name.Name()
		}
	}
	found := map[int64]int{}
	for n := range len(files[longest]) + 1 {
		cut := disk.NewMemory()
		for name, data := range files {
			if name == longest {
				data = data[:n]
			}
			cut.Add("log/"+name, data)
		}
		f.fs, f.state = cut, &fake{}
		f.line = clock.NewTimeline(f.wall, noon, nil)
		f.open()
		_, _, counts := f.state.(*fake).rows()
		if counts.In%4 != 0 || counts.In != counts.Accepted+counts.Duplicates+counts.Quarantined {
			t.Fatalf("cut at %d of %d: %+v", n, len(files[longest]), counts)
		}
		found[counts.In/4]++
		for _, body := range bodies {
			f.push(body)
		}
		f.close()
		if ids, _, counts := f.state.(*fake).rows(); len(ids) != 8 || counts.Accepted != 8 {
			t.Fatalf("cut at %d: %d events after sending again, %+v", n, len(ids), counts)
		}
	}
	t.Logf("cut at %d bytes; how often each number of requests was found: %v", len(files[longest])+1, found)
	if len(found) != 5 {
		t.Error("not every number of requests was met")
	}
}
