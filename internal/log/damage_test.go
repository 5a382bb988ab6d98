package log_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

// files are the contents of a log's directory.
type files map[string][]byte

func snapshot(t testing.TB, fsys disk.Reader) files {
	t.Helper()
	entries, err := fsys.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	out := files{}
	for _, entry := range entries {
		file, err := fsys.Open("log/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(file)
		if err = errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		out[entry.Name()] = data
	}
	return out
}

func (f files) disk() *disk.Memory {
	m := disk.NewMemory()
	for name, data := range f {
		m.Add("log/"+name, data)
	}
	return m
}

// change returns a copy in which one file is another, or is missing if data is nil.
func (f files) change(name string, data []byte) files {
	out := files{}
	for n, d := range f {
		out[n] = d
	}
	out[name] = data
	if data == nil {
		delete(out, name)
	}
	return out
}

func segmentOf(first, epoch int) string { return fmt.Sprintf("%020d-%010d.log", first, epoch) }

// describe writes a report in short: cuts as -segment@offset+bytes:from, damages as
// !segment@offset+bytes:from-to.
func describe(r *log.Report) string {
	var out []string
	short := func(name string) string { return strings.TrimLeft(strings.TrimSuffix(name, ".log"), "0") }
	for _, c := range r.Cuts {
		out = append(out, fmt.Sprintf("-%s@%d+%d:%d", short(c.Segment), c.Offset, c.Bytes, c.From))
	}
	for _, d := range r.Damages {
		out = append(out, fmt.Sprintf("!%s@%d+%d:%d-%d", short(d.Segment), d.Offset, d.Bytes, d.From, d.To))
	}
	return strings.Join(out, " ")
}

// sampleFiles are a log of three segments, of which the last was not closed in order: 1 a, 2 b with
// 3 c; 4 d; and 5 e, 6 f with 7 g, 8 h. Records have payloads of one byte: they take 45 bytes.
func sampleFiles(t testing.TB) files {
	t.Helper()
	m := disk.NewMemory()
	l, _ := open(t, m, log.Options{SegmentBytes: 100})
	appendAll(t, l, "a")
	appendAll(t, l, "b", "c")
	appendAll(t, l, "d")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, _ = open(t, m, log.Options{})
	appendAll(t, l, "e")
	appendAll(t, l, "f", "g")
	appendAll(t, l, "h")
	return snapshot(t, m)
}

const (
	headerBytes = 32
	recordBytes = 45
	intact      = "1-1=a 1-2=b 1-3=c 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h"
)

func TestDamage(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	first, second, third := segmentOf(1, 1), segmentOf(4, 1), segmentOf(5, 2)
	flip := func(name string, offset int) files {
		data := append([]byte(nil), all[name]...)
		data[offset] ^= 0x10
		return all.change(name, data)
	}
	cut := func(name string, size int) files { return all.change(name, all[name][:size]) }
	// f opens damaged files, compares report and records, appends, and opens once more: what is
	// damaged must be reported again, and what was appended must be there.
	f := func(what string, damaged files, report, read string) {
		t.Helper()
		m := damaged.disk()
		l, found := open(t, m, log.Options{})
		equal(t, what+": report", describe(found), report)
		equal(t, what, readAll(t, l, 0), read)
		added := appendAll(t, l, "new")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, found = open(t, m, log.Options{})
		if len(found.Cuts) > 0 {
			t.Errorf("%s: cut twice: %s", what, describe(found))
		}
		all := readAll(t, l, 0)
		if want := fmt.Sprintf("%s=new", added); !strings.HasSuffix(all, want) {
			t.Errorf("%s: after it: %s, want %s", what, all, want)
		}
		if strings.Count(all, "!") != strings.Count(read, "!") {
			t.Errorf("%s: damage is told differently: %s", what, all)
		}
	}
	f("nothing", all, "", intact)
	f("first record", flip(first, headerBytes), "!1-0000000001@32+45:1-1",
		"!1-1 1-2=b 1-3=c 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h")
	f("length in the middle", flip(first, headerBytes+recordBytes+6), "!1-0000000001@77+45:2-2",
		"1-1=a !2-2 1-3=c 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h")
	f("end of an inner segment", flip(first, headerBytes+3*recordBytes-1), "!1-0000000001@122+45:3-3",
		"1-1=a 1-2=b !3-3 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h")
	f("last record before a seal", flip(second, headerBytes+8), "!4-0000000001@32+45:4-4",
		"1-1=a 1-2=b 1-3=c !4-4 2-5=e 2-6=f 2-7=g 2-8=h")
	f("durable record of the last segment", flip(third, headerBytes+recordBytes), "!5-0000000002@77+45:6-6",
		"1-1=a 1-2=b 1-3=c 1-4=d 2-5=e !6-6 2-7=g 2-8=h")
	f("last batch", flip(third, headerBytes+3*recordBytes), "-5-0000000002@167+45:8",
		"1-1=a 1-2=b 1-3=c 1-4=d 2-5=e 2-6=f 2-7=g")
	f("header of an inner segment", flip(second, 20), "!4-0000000001@0+121:4-4",
		"1-1=a 1-2=b 1-3=c !4-4 2-5=e 2-6=f 2-7=g 2-8=h")
	f("header of the last segment", flip(third, 0), "!5-0000000002@0+212:5-8",
		"1-1=a 1-2=b 1-3=c 1-4=d !5-8")
	f("missing segment", all.change(second, nil), "!1-0000000001@167+0:4-4",
		"1-1=a 1-2=b 1-3=c !4-4 2-5=e 2-6=f 2-7=g 2-8=h")
	f("missing first segment", all.change(first, nil), "!@0+0:1-3",
		"!1-3 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h")
	f("inner segment cut", cut(first, 122), "!1-0000000001@122+0:3-3",
		"1-1=a 1-2=b !3-3 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h")
	f("inner segment cut in a record", cut(first, 100), "!1-0000000001@77+23:2-3",
		"1-1=a !2-3 1-4=d 2-5=e 2-6=f 2-7=g 2-8=h")
	f("inner segment empty", cut(second, 0), "!4-0000000001@0+0:4-4",
		"1-1=a 1-2=b 1-3=c !4-4 2-5=e 2-6=f 2-7=g 2-8=h")
	f("rest behind an inner segment", all.change(first, append(append([]byte(nil), all[first]...), 1, 2, 3)),
		"-1-0000000001@167+3:4", intact)
	f("rest behind a closed segment", all.change(second, append(append([]byte(nil), all[second]...), 1, 2, 3)),
		"!4-0000000001@121+3:5-4", strings.ReplaceAll(intact, "!", ""))
	f("record repeated", all.change(third, append(append([]byte(nil), all[third][:77]...), all[third][32:]...)),
		"!5-0000000002@77+45:6-5", "1-1=a 1-2=b 1-3=c 1-4=d 2-5=e !6-5 2-6=f 2-7=g 2-8=h")
	f("record left out", all.change(third, append(append([]byte(nil), all[third][:77]...), all[third][122:]...)),
		"!5-0000000002@77+0:6-6", "1-1=a 1-2=b 1-3=c 1-4=d 2-5=e !6-6 2-7=g 2-8=h")
	f("segment under another name", all.change(second, nil).change(segmentOf(4, 3), all[second]),
		"!4-0000000003@0+121:4-4 !5-0000000002@0+212:5-8", "1-1=a 1-2=b 1-3=c !4-4 !5-8")
	f("empty last segment", all.change(segmentOf(9, 3), all[third][:20]), "-9-0000000003@0+20:9", intact)
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	m := disk.NewMemory()
	l, _ := open(t, m, log.Options{SegmentBytes: 1 << 20})
	for _, payload := range []string{"a", "b", "c", "D", "E", "F"} {
		appendAll(t, l, payload)
	}
	longer := all.change(segmentOf(1, 1), snapshot(t, m)[segmentOf(1, 1)])
	l, report := open(t, longer.disk(), log.Options{})
	equal(t, "report", describe(report), "!4-0000000001@32+0:7-6 !5-0000000002@32+0:7-6")
	equal(t, "read", readAll(t, l, 0), "1-1=a 1-2=b 1-3=c 1-4=D 1-5=E 1-6=F 2-7=g 2-8=h")
}

// TestTailCutAtEveryByte opens the log with its last segment cut anywhere: whole appends are kept,
// and nothing is called damage.
func TestTailCutAtEveryByte(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	third := segmentOf(5, 2)
	data := all[third]
	for size := range data {
		want, end := "1-1=a 1-2=b 1-3=c 1-4=d", 0
		if size > headerBytes {
			end = headerBytes
		}
		if size >= headerBytes+recordBytes {
			want, end = want+" 2-5=e", headerBytes+recordBytes
		}
		if size >= headerBytes+3*recordBytes {
			want, end = want+" 2-6=f 2-7=g", headerBytes+3*recordBytes
		}
		m := all.change(third, data[:size]).disk()
		l, report := open(t, m, log.Options{})
		equal(t, fmt.Sprint("cut at ", size), readAll(t, l, 0), want)
		var bytes int64
		for _, c := range report.Cuts {
			bytes += c.Bytes
		}
		if len(report.Damages) > 0 || bytes != int64(size-end) {
			t.Errorf("cut at %d: %s", size, describe(report))
		}
		appendAll(t, l, "x")
		equal(t, fmt.Sprint("appended after ", size), readAll(t, l, 0),
			fmt.Sprintf("%s %s=x", want, l.Last()))
	}
}

// TestEveryBitFlip turns over every bit of every segment. A record that is not read must be named,
// by a damage or, in the last batch, by a cut; the others must be read with the same bytes.
func TestEveryBitFlip(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	want := strings.Fields(intact)
	for name, data := range all {
		for bit := range len(data) * 8 {
			changed := append([]byte(nil), data...)
			changed[bit/8] ^= 1 << (bit % 8)
			l, report := open(t, all.change(name, changed).disk(), log.Options{})
			if len(report.Cuts)+len(report.Damages) == 0 {
				t.Errorf("%s, bit %d: nothing is told", name, bit)
			}
			named := func(sequence int) bool {
				for _, d := range report.Damages {
					if d.From <= uint64(sequence) && uint64(sequence) <= d.To {
						return true
					}
				}
				return len(report.Cuts) == 1 && report.Cuts[0].From == 8 && sequence == 8
			}
			have := map[string]bool{}
			for _, e := range strings.Fields(readAll(t, l, 0)) {
				have[e] = true
				if !strings.Contains(intact, e) && e[0] != '!' {
					t.Errorf("%s, bit %d: read %s", name, bit, e)
				}
			}
			for n, e := range want {
				if have[e] == named(n+1) {
					t.Errorf("%s, bit %d: %s: read %v, named %v: %s", name, bit, e, have[e], named(n+1),
						describe(report))
				}
			}
			_ = l.Close()
		}
	}
}

func TestFloorIsMissing(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	m := all.change(fmt.Sprintf("%020d.floor", 1), nil).change(segmentOf(1, 1), nil).
		change("notes.txt", []byte("?")).disk()
	_, report := open(t, m, log.Options{})
	equal(t, "report", describe(report), "!@0+0:1-3")
	if len(report.Unknown) != 1 || report.Unknown[0] != "notes.txt" || report.First != 4 {
		t.Errorf("report %+v", report)
	}
	if _, report = open(t, m, log.Options{}); len(report.Damages) > 0 || report.First != 4 {
		t.Errorf("second report %+v", report)
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	m := sampleFiles(t).disk()
	if _, report := open(t, m, log.Options{Known: 8}); len(report.Damages) > 0 {
		t.Errorf("report %s", describe(report))
	}
	l, report := open(t, m, log.Options{Known: 20})
	equal(t, "report", describe(report), "!@0+0:9-20")
	if got := appendAll(t, l, "x"); got != (log.Position{Epoch: 3, Sequence: 21}) {
		t.Errorf("position %v", got)
	}
	equal(t, "read", readAll(t, l, 8), "2-8=h !9-20 3-21=x")
}

func TestVerifyFrom(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	for name := range all {
		if len(all[name]) > headerBytes {
			all[name] = append([]byte(nil), all[name]...)
			all[name][headerBytes+40] ^= 1
		}
	}
	l, report := open(t, all.disk(), log.Options{VerifyFrom: 4})
	equal(t, "report", describe(report), "!4-0000000001@32+45:4-4 !5-0000000002@32+45:5-5")
	equal(t, "read", readAll(t, l, 0), "!1-1 1-2=b 1-3=c !4-4 !5-5 2-6=f 2-7=g 2-8=h")
	if full, err := log.Check(all.disk(), "log"); err != nil || len(full.Damages) != 3 {
		t.Errorf("check: %v, %v", full, err)
	}
}

func TestDamageWhileOpen(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	l := six(t, fsys)
	if err := fsys.Flip("log/"+segmentOf(2, 1), headerBytes*8+3); err != nil {
		t.Fatal(err)
	}
	if err := fsys.Remove("log/" + segmentOf(5, 1)); err != nil {
		t.Fatal(err)
	}
	r := l.Reader(1)
	var got []string
	for range 4 {
		e, err := r.Next()
		got = append(got, fmt.Sprint(string(e.Payload), err != nil))
	}
	equal(t, "read", strings.Join(got, " "), "afalse true cfalse dfalse")
	for range 2 { // a file that cannot be opened is no damage yet: it is tried again
		if _, err := r.Next(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing file: %v", err)
		}
	}
}

// TestForgedRecord puts bytes that look like a record into a payload, damages the real record, and
// reads: the salt keeps the forgery out.
func TestForgedRecord(t *testing.T) {
	t.Parallel()
	m := disk.NewMemory()
	l, _ := open(t, m, log.Options{})
	appendAll(t, l, "x")
	forged := snapshot(t, m)[segmentOf(1, 1)][headerBytes:]
	m = disk.NewMemory()
	l, _ = open(t, m, log.Options{})
	appendAll(t, l, string(forged))
	appendAll(t, l, "y")
	data := snapshot(t, m)
	segment := data[segmentOf(1, 1)]
	segment[headerBytes+5] ^= 1
	_, report := open(t, data.disk(), log.Options{})
	equal(t, "report", describe(report), fmt.Sprintf("!1-0000000001@32+%d:1-1", 44+len(forged)))
}

func TestNewerVersion(t *testing.T) {
	t.Parallel()
	all := sampleFiles(t)
	_, _, err := log.Open(all.change(segmentOf(4, 1), log.NewerHeader()).disk(), "log", log.Options{})
	if !errors.Is(err, log.ErrVersion) {
		t.Errorf("error %v", err)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	d := log.Damage{Segment: "7.log", Offset: 32, Bytes: 45, From: 7, To: 9, Reason: "torn"}
	equal(t, "damage", d.Error(), "log segment 7.log, 45 bytes at offset 32: torn: sequences 7 to 9 unreadable")
	d = log.Damage{From: 7, To: 6, Reason: "torn"}
	equal(t, "damage", d.Error(), "log: torn: no record affected")
	c := log.Cut{Segment: "7.log", Offset: 32, Bytes: 45, From: 7}
	equal(t, "cut", c.String(),
		"log segment 7.log: cut off 45 bytes of an unfinished write at offset 32, from sequence 7 on")
}
