package app

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
)

// smallDisk counts the runs that are made and may have room for a few bytes of them only.
type smallDisk struct {
	disk.OS
	runs    atomic.Int64
	room    atomic.Int64 // of runs; below 0: full
	onWrite func()
}

func (d *smallDisk) Create(name string) (disk.File, error) {
	file, err := d.OS.Create(name)
	if err != nil || !strings.Contains(name, runMark) {
		return file, err
	}
	d.runs.Add(1)
	return &smallFile{file, d}, nil
}

type smallFile struct {
	disk.File
	disk *smallDisk
}

func (f *smallFile) Write(data []byte) (int, error) {
	if f.disk.onWrite != nil {
		f.disk.onWrite()
	}
	if f.disk.room.Add(-int64(len(data))) < 0 {
		return 0, &os.PathError{Op: "write", Path: "run", Err: syscall.ENOSPC}
	}
	return f.File.Write(data)
}

// trainOn makes a training set on a disk of the test's.
func trainOn(ctx context.Context, fsys *smallDisk, o TrainOptions) error {
	r, err := prepareTrain(ctx, o)
	if err != nil {
		return err
	}
	r.project.disk = fsys
	_, err = r.train(ctx)
	return err
}

// memoryProject returns options of a training set that does not fit a few kilobytes.
func memoryProject(t *testing.T, seed uint64) TrainOptions {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 15))
	events := metamorphicEvents(r, 2000+r.IntN(2000))
	dir := cutProject(t, events, 1+r.IntN(5))
	labels := filepath.Join(dir, "labels.csv")
	if err := os.WriteFile(labels, []byte(metamorphicLabels(r, events, 300+r.IntN(900))), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	features := []string{"spend.n_1h", "spend.sum_1d", "spend.sum_1h", "spend.amount", "by_group.total"}
	if seed%2 == 0 { // which follows a link: groups of labels read the source for themselves
		features = append(features, "spend.share")
	}
	return TrainOptions{
		Dir: dir, Features: features, Labels: labels, Time: "t", Output: filepath.Join(dir, "out", "set.csv"),
	}
}

// left lists what is in the folder of the output.
func left(t *testing.T, o TrainOptions) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(o.Output))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// TestMemoryChangesNothing makes training sets in hardly any memory: set and manifest are the same.
func TestMemoryChangesNothing(t *testing.T) {
	t.Parallel()
	same, runs := 0, int64(0)
	for seed := range uint64(2) {
		o := memoryProject(t, seed)
		read := func() []byte {
			set, err := os.ReadFile(o.Output)
			manifest, more := os.ReadFile(o.Output + ".manifest.json")
			if err != nil || more != nil {
				t.Fatal(err, more)
			}
			return slices.Concat(set, manifest)
		}
		if err := trainOn(t.Context(), newSmallDisk(), o); err != nil {
			t.Fatal(err)
		}
		want := read()
		for _, o.Memory = range []int64{300_000, 600_000, 1 << 20, 2 << 20, 8 << 20} {
			fsys := newSmallDisk()
			err := trainOn(t.Context(), fsys, o)
			if errors.Is(err, engine.ErrMemory) { // too little for the windows of the heaviest group
				continue
			}
			if err != nil {
				t.Fatalf("seed %d, %d bytes: %v", seed, o.Memory, err)
			}
			if !bytes.Equal(read(), want) {
				t.Errorf("seed %d: %d bytes of memory change the set", seed, o.Memory)
			}
			same++
			runs += fsys.runs.Load()
		}
		if names := left(t, o); len(names) != 2 {
			t.Errorf("left behind: %v", names)
		}
	}
	if t.Logf("%d sets, %d runs", same, runs); same < 5 || runs < 5 {
		t.Error("too little was compared")
	}
}

func newSmallDisk() *smallDisk {
	d := &smallDisk{}
	d.room.Store(1 << 40)
	return d
}

// TestMemoryDiskFull fails at every size of the disk, clearly, and leaves nothing.
func TestMemoryDiskFull(t *testing.T) {
	t.Parallel()
	o := memoryProject(t, 1)
	o.Memory = 1 << 20
	full := 0
	for room := int64(0); ; room = room*4 + 1000 {
		fsys := newSmallDisk()
		fsys.room.Store(room)
		err := trainOn(t.Context(), fsys, o)
		if err == nil {
			break
		}
		var known *Error
		if !errors.As(err, &known) || known.Code != ExitUnavailable || !disk.IsFull(err) ||
			!strings.Contains(known.Hint, "make room") {
			t.Fatalf("%d bytes of room: %v", room, err)
		}
		if names := left(t, o); len(names) > 0 {
			t.Fatalf("left behind: %v", names)
		}
		full++
	}
	if t.Logf("%d disks were full", full); full < 3 {
		t.Error("too little was exercised")
	}
}

// TestMemoryInterrupted cancels while a run is written, and finds nothing; what a killed process
// left of an earlier run is removed.
func TestMemoryInterrupted(t *testing.T) {
	t.Parallel()
	o := memoryProject(t, 3)
	o.Memory = 1 << 20
	stale := o.Output + runMark + "0" + runSuffix
	if err := os.WriteFile(stale, []byte("left"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fsys := newSmallDisk()
	fsys.onWrite = cancel
	if err := trainOn(ctx, fsys, o); !errors.Is(err, context.Canceled) || fsys.runs.Load() == 0 {
		t.Errorf("%v, %d runs", err, fsys.runs.Load())
	}
	if names := left(t, o); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestMachineMemory(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	if got := machineMemory(fsys); got != unknownMemory {
		t.Errorf("of a machine that does not say: %d", got)
	}
	fsys.Add("/proc/meminfo", []byte("MemTotal:       24683624 kB\nMemFree: 1 kB\n"))
	if got := machineMemory(fsys); got != 24683624<<10 {
		t.Errorf("of the machine: %d", got)
	}
	fsys.Add("/sys/fs/cgroup/memory.max", []byte("max\n"))
	if got := machineMemory(fsys); got != 24683624<<10 {
		t.Errorf("of a group without a bound: %d", got)
	}
	fsys.Add("/sys/fs/cgroup/memory.max", []byte("1073741824\n"))
	if got := machineMemory(fsys); got != 1<<30 {
		t.Errorf("of a group: %d", got)
	}
}
