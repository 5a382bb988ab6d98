package app

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
	parts "github.com/fettle-ml/fettle/internal/store/history"
)

// liveSource has a time, a computed column in the middle, and stored columns of its own.
func liveSource(name string, more ...plan.Column) *plan.Source {
	column := func(name string, kind schema.Kind) plan.Column {
		return plan.Column{Name: name, Type: schema.Of(kind)}
	}
	twice := column("twice", schema.Float64)
	twice.Expr = &plan.Expr{}
	columns := []plan.Column{column("ts", schema.Timestamp), twice, column("card", schema.String),
		column("amount", schema.Float64)}
	return &plan.Source{Name: name, Push: true, ID: -1, Sequence: -1, Format: "csv", MaxFuture: math.MaxInt32,
		Columns: append(columns, more...), EventTime: plan.TimeRule{Column: 0, ZoneColumn: -1}}
}

// liveSources are two sources, and the second one again with one more column. Their numbers are 1 to
// 3.
func liveSources() []*plan.Source {
	return []*plan.Source{liveSource("clicks"), liveSource("cards"),
		liveSource("cards", plan.Column{Name: "n", Type: schema.Of(schema.Int64)})}
}

func liveTargets() map[uint32]pushedTarget {
	targets := map[uint32]pushedTarget{}
	for i, source := range liveSources() {
		target := pushedTarget{Source: source.Name}
		for _, c := range source.Columns {
			if c.Expr == nil {
				target.Fields = append(target.Fields, schema.Field{Name: c.Name, Type: c.Type})
			}
		}
		targets[uint32(i+1)] = target
	}
	return targets
}

// forgetful is a state that only knows how far it is.
type forgetful struct {
	mutex sync.Mutex
	at    state.Position
}

func (f *forgetful) Apply(_ context.Context, _ []state.Record, to state.Position) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.at = to
	return nil
}

func (f *forgetful) Position() state.Position {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.at
}

func (f *forgetful) Known(_ context.Context, _ uint32, ids []string, _ int64) ([]state.Identity, error) {
	return make([]state.Identity, len(ids)), nil
}

// pushedRecords has an ingester write records of all sources, as tests append them to logs of their
// own: what the ingester writes is what is read.
var pushedRecords = sync.OnceValues(func() ([]log.Record, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	random := rand.New(rand.NewPCG(11, 1))
	l, _, err := log.Open(disk.NewFragile(), "log", log.Options{})
	if err != nil {
		return nil, err
	}
	var layout state.Layout
	wall := clock.NewFake(1_700_000_000_000_000)
	g, err := ingest.Open(ctx, ingest.Options{Log: l, State: &forgetful{},
		Timeline: clock.NewTimeline(wall, 0, nil), Plans: func() *state.Layout { return &layout }})
	if err != nil {
		return nil, err
	}
	for i, source := range liveSources() {
		layout = state.Layout{Sources: []state.Source{{ID: uint32(i + 1), Plan: source}}}
		for range 25 {
			wall.Advance(random.Int64N(1000))
			var body strings.Builder
			for range 1 + random.IntN(4) {
				fmt.Fprintf(&body, `{"ts":%q,"card":"c%d","amount":%d`,
					schema.FormatTime(wall.Now()-random.Int64N(1e9)), random.IntN(5), random.IntN(100))
				if i == 2 {
					fmt.Fprintf(&body, `,"n":%d`, random.IntN(9))
				}
				body.WriteString("}\n")
			}
			result, err := g.Push(ctx, ingest.PushRequest{Source: source.Name,
				Format: format.JSONL, Body: []byte(body.String()), Atomic: true})
			if err == nil {
				err = g.Wait(ctx, result.Position) // the layout changes between batches only
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if err := errors.Join(g.Close(ctx), l.Close()); err != nil {
		return nil, err
	}
	var records []log.Record
	reader := l.Reader(0)
	defer reader.Close()
	for {
		entry, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		if entry.Op == log.Insert {
			entry.Payload = slices.Clone(entry.Payload)
			records = append(records, entry.Record)
		}
	}
})

// world is a log with its history, and the naive list of what is in them.
type world struct {
	t       *testing.T
	random  *rand.Rand
	fs      *disk.Fragile
	records []log.Record
	log     *log.Log
	pushed  *pushed
	entries []naiveEntry // by sequence - 1
	marked  uint64
	at      int64 // visible time of the last mark
	cuts    int
	flushes int
	partial int // flushes that failed
}

type naiveEntry struct {
	record log.Record // without payload: no events
	at     int64      // of the mark that covers it
}

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	records, err := pushedRecords()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, random: random, fs: disk.NewFragile(), records: records}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	l, report, err := log.Open(w.fs, "log", log.Options{SegmentBytes: 1 << 9})
	if err != nil || len(report.Damages) > 0 {
		w.t.Fatal(report, err)
	}
	h, err := parts.Open(w.fs, "history")
	if err != nil {
		w.t.Fatal(err)
	}
	sources := liveSources()
	w.log = l
	w.pushed = newPushed(pushedOptions{Log: l, Parts: h, Targets: liveTargets,
		Source: func(name string) *plan.Source {
			if name == "cards" {
				return sources[2]
			}
			return sources[0]
		}})
}

func (w *world) append(record log.Record, entry naiveEntry) error {
	position, err := w.log.Append(context.Background(), []log.Record{record})
	if err != nil {
		return err
	}
	for uint64(len(w.entries)) < position.Sequence {
		w.entries = append(w.entries, naiveEntry{})
	}
	w.entries[position.Sequence-1] = entry
	return nil
}

// insert appends a record of any source; the second shape of cards comes after the first.
func (w *world) insert() error {
	record := w.records[w.random.IntN(len(w.records))]
	if record.Target == 2 && len(w.entries) > 60 {
		record = w.records[50+w.random.IntN(25)]
	} else if record.Target == 3 && len(w.entries) <= 60 {
		record = w.records[25+w.random.IntN(25)]
	}
	return w.append(record, naiveEntry{record: record})
}

// mark covers some or all of what is not covered yet.
func (w *world) mark() error {
	last := uint64(len(w.entries))
	if last == w.marked {
		return nil
	}
	through := w.marked + 1 + w.random.Uint64N(last-w.marked)
	w.at += 1 + w.random.Int64N(50)
	payload := binary.AppendVarint(binary.AppendUvarint([]byte{1}, through), w.at)
	err := w.append(log.Record{Op: log.Mark, ReceivedAt: w.at, Payload: payload}, naiveEntry{})
	if err != nil {
		return err
	}
	for i := w.marked; i < through; i++ {
		w.entries[i].at = w.at
	}
	w.marked = through
	return nil
}

// flush moves rows and cuts the log behind them.
func (w *world) flush() error {
	options := flushOptions{Least: w.random.IntN(3) * 10, PartRows: 1 + w.random.IntN(40)}
	if w.random.IntN(3) == 0 {
		options.PartBytes = 1 << 10
	}
	report, err := w.pushed.FlushHistory(context.Background(), options)
	w.flushes++
	if err != nil {
		w.partial++
		return err
	}
	removed, err := w.log.RemoveBefore(report.Through + 1)
	w.cuts += removed
	return err
}

func (w *world) step() error {
	switch w.random.IntN(12) {
	case 0, 1:
		return w.mark()
	case 2:
		return w.flush()
	default:
		return w.insert()
	}
}

// naive lists the rows of a source that are visible up to a sequence, one line each.
func (w *world) naive(source *plan.Source, columns []int, until uint64) []string {
	w.t.Helper()
	var out []string
	targets := liveTargets()
	for i, e := range w.entries[:until] {
		sequence := uint64(i + 1)
		if e.record.Payload == nil || targets[e.record.Target].Source != source.Name {
			continue
		}
		entry := log.Entry{Position: log.Position{Epoch: 1, Sequence: sequence}, Record: e.record}
		record, err := ingest.Decode(entry, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		for row := range record.Rows() {
			line := fmt.Sprintf("%d:%d %d %d %d", sequence, row, record.EventTime[row], record.ReceivedAt, e.at)
			for _, column := range columns {
				text := "null"
				for k, field := range targets[e.record.Target].Fields {
					if field.Name == source.Columns[column].Name {
						text = record.Columns[k].Value(row).String()
					}
				}
				line += " " + text
			}
			out = append(out, line)
		}
	}
	return out
}

// scanned lists the rows that a liveHistory emits, in the order of chunks.
func (w *world) scanned(h *liveHistory, source *plan.Source, columns []int) (lines []string, chunks int) {
	w.t.Helper()
	var mutex sync.Mutex
	orders := map[int64][]uint64{}
	h.places = func(_ *plan.Source, ordinal int64, o []uint64) {
		mutex.Lock()
		defer mutex.Unlock()
		orders[ordinal] = o
	}
	var all []*engine.Chunk
	request := &engine.ScanRequest{Source: source, Columns: columns, Workers: 1 + w.random.IntN(3)}
	err := h.Scan(context.Background(), request, func(_ int, c *engine.Chunk) error {
		mutex.Lock()
		defer mutex.Unlock()
		all = append(all, c)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b *engine.Chunk) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	for _, c := range all {
		for row := range c.EventTime {
			line := fmt.Sprintf("file %d", c.EventTime[row])
			if c.ReceivedAt != nil {
				sequence, at := state.OrderOf(orders[c.Ordinal][row])
				line = fmt.Sprintf("%d:%d %d %d %d", sequence, at, c.EventTime[row], c.ReceivedAt[row], c.Visible[row])
			}
			for _, column := range c.Columns {
				line += " " + column.Value(row).String()
			}
			lines = append(lines, line)
		}
	}
	return lines, len(all)
}

// files gives a source files as well; none without.
func (w *world) files(text string) *history {
	m := disk.NewMemory()
	if text != "" {
		m.Add("clicks.csv", []byte(text))
	}
	return newHistory(&Project{Root: ".", disk: m}, 0)
}

// check compares a scan up to a position with the naive list.
func (w *world) check(until *state.Position) (rows int) {
	w.t.Helper()
	sources := liveSources()
	for _, c := range []struct {
		source  *plan.Source
		columns []int
	}{{sources[0], []int{3, 2}}, {sources[2], []int{4, 0, 2}}} {
		sequence := w.marked
		if until != nil {
			sequence = until.Sequence
		}
		want := w.naive(c.source, c.columns, sequence)
		got, _ := w.scanned(newLiveHistory(w.files(""), w.pushed, until), c.source, c.columns)
		if !slices.Equal(got, want) {
			w.t.Fatalf("%s up to %d: %d rows, want %d\ngot  %v\nwant %v", c.source.Name, sequence,
				len(got), len(want), got, want)
		}
		rows += len(got)
	}
	return rows
}

// Wherever rows lie, in parts, in the log, or in both, a scan gives the rows that a naive list has,
// up to every position.
func TestLiveHistoryAgainstList(t *testing.T) {
	t.Parallel()
	rows, flushes, cuts, inParts := 0, 0, 0, int64(0)
	for seed := range uint64(12) {
		w := newWorld(t, rand.New(rand.NewPCG(seed, 3)))
		for range 150 {
			if err := w.step(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if w.random.IntN(20) > 0 {
				continue
			}
			rows += w.check(nil)
			rows += w.check(&state.Position{Sequence: w.random.Uint64N(w.marked + 1)})
		}
		flushes, cuts = flushes+w.flushes, cuts+w.cuts
		inParts += w.pushed.options.Parts.View("clicks").Rows()
	}
	t.Logf("%d rows compared, %d flushes, %d segments cut, %d rows in parts", rows, flushes, cuts, inParts)
	if rows < 5000 || flushes < 80 || cuts < 80 || inParts < 400 {
		t.Error("exercised too little")
	}
}

// Rows that state has and no mark covers are visible from the time of the state.
func TestLiveHistoryWithoutMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rand.New(rand.NewPCG(1, 4)))
	for range 20 {
		if err := w.insert(); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := w.scanned(newLiveHistory(w.files(""), w.pushed, nil), liveSources()[0], []int{2}); len(got) > 0 {
		t.Fatalf("%d rows are visible without a mark", len(got))
	}
	for i := range 10 {
		w.entries[i].at = 77
	}
	if w.check(&state.Position{Sequence: 10, VisibleAt: 77}) == 0 {
		t.Fatal("no rows")
	}
	report, err := w.pushed.FlushHistory(context.Background(), flushOptions{})
	if err != nil || report.Rows > 0 {
		t.Fatalf("flushed %+v, %v", report, err)
	}
}

// One log, once all in the log, once all in parts, once in between: the rows, their order, the
// report and the fill of a state are the same, with the rows of files before them.
func TestLiveHistoryPlaces(t *testing.T) {
	t.Parallel()
	const text = "ts,card,amount\n2024-05-01T00:00:00Z,c1,1.5\n2024-05-02T00:00:00Z,c2,\n"
	w := newWorld(t, rand.New(rand.NewPCG(1, 5)))
	source := liveSources()[0]
	source.Paths = []string{"clicks.csv"}
	for range 100 {
		if err := w.insert(); err != nil {
			t.Fatal(err)
		}
		if w.random.IntN(10) == 0 {
			if err := w.mark(); err != nil {
				t.Fatal(err)
			}
		}
	}
	until := &state.Position{Sequence: w.marked, VisibleAt: w.at}
	var first []string
	var firstReport, firstFill string
	for round, options := range []*flushOptions{nil, {PartRows: 20, Least: 1000}, {PartRows: 7}} {
		if options != nil {
			if _, err := w.pushed.FlushHistory(context.Background(), *options); err != nil {
				t.Fatal(err)
			}
		}
		files := w.files(text)
		h := newLiveHistory(files, w.pushed, until)
		got, chunks := w.scanned(h, source, []int{2, 3})
		sources := h.Sources()
		report := fmt.Sprintf("%+v %+v", sources[0].Rows, *sources[0].Pushed)
		var filled strings.Builder
		err := h.fill(context.Background(), source, func(c *engine.Chunk, orders []uint64) error {
			if len(orders) != len(c.EventTime) || len(c.Columns) != 4 || c.Columns[1] != nil {
				t.Fatalf("%d orders for %d rows", len(orders), len(c.EventTime))
			}
			for i, order := range orders {
				fmt.Fprintln(&filled, order, c.EventTime[i], c.Columns[2].Value(i), c.Columns[3].Value(i))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			first, firstReport, firstFill = got, report, filled.String()
			continue
		}
		if chunks < 3 || !slices.Equal(got, first) || report != firstReport || filled.String() != firstFill {
			t.Errorf("round %d, %d chunks: %s, before %s", round, chunks, report, firstReport)
		}
	}
	if len(first) < 50 || !strings.HasPrefix(first[1], "file ") || strings.HasPrefix(first[2], "file ") {
		t.Errorf("%d rows: %v", len(first), first[:3])
	}
}

// Scans see the same rows while events arrive, rows move and the log is cut.
func TestLiveHistoryBesideFlushes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rand.New(rand.NewPCG(1, 6)))
	for range 100 {
		if err := w.insert(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.mark(); err != nil {
		t.Fatal(err)
	}
	source, until := liveSources()[0], &state.Position{Sequence: w.marked}
	want := len(w.naive(source, nil, w.marked))
	ctx, cancel := context.WithCancel(context.Background())
	scans := 0
	var group sync.WaitGroup
	group.Go(func() {
		for ; ctx.Err() == nil; scans++ {
			var mutex sync.Mutex
			rows := 0
			request := &engine.ScanRequest{Source: source, Columns: []int{2}, Workers: 2}
			err := newLiveHistory(w.files(""), w.pushed, until).Scan(context.Background(), request,
				func(_ int, c *engine.Chunk) error {
					mutex.Lock()
					defer mutex.Unlock()
					rows += len(c.EventTime)
					return nil
				})
			if err != nil || rows != want {
				t.Errorf("%d rows, want %d: %v", rows, want, err)
				return
			}
		}
	})
	var failed error
	for steps := 0; failed == nil && steps < 300; steps++ {
		failed = w.step()
	}
	cancel()
	group.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	w.check(nil)
	if w.cuts < 10 || scans < 20 {
		t.Errorf("exercised %d scans, %d cuts", scans, w.cuts)
	}
}

// Whatever call the machine stops at, afterwards every row that was acknowledged and marked is there
// once, in the log or in a part.
func TestFlushCrashes(t *testing.T) {
	t.Parallel()
	crashes, cuts, rows, partial := 0, 0, 0, 0
	for seed := range uint64(50) {
		w := newWorld(t, rand.New(rand.NewPCG(seed, 7)))
		for range 6 {
			w.fs.StopAfter(1 + w.random.IntN(60))
			var err error
			for err == nil {
				err = w.step()
			}
			w.fs.Stop()
			_ = w.log.Close()
			w.fs.Crash(w.random)
			crashes++
			w.open()
			// A record whose append was cut short may be there, as nobody was told. It is taken over.
			w.adopt()
			rows += w.check(nil)
		}
		if err := w.mark(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.pushed.FlushHistory(context.Background(), flushOptions{}); err != nil {
			t.Fatal(err)
		}
		rows += w.check(nil)
		for _, name := range []string{"clicks", "cards"} {
			report, err := w.pushed.options.Parts.Check(context.Background(), name)
			if err != nil || len(report.Damages)+len(report.Unknown) > 0 {
				t.Fatalf("seed %d: %+v, %v", seed, report, err)
			}
		}
		cuts, partial = cuts+w.cuts, partial+w.partial
	}
	t.Logf("%d crashes, %d flushes interrupted, %d segments cut, %d rows compared", crashes, partial, cuts, rows)
	if crashes < 300 || cuts < 50 || partial < 50 || rows < 4000 {
		t.Error("exercised too little")
	}
}

// adopt enters records into the naive list that are in the log although their append failed.
func (w *world) adopt() {
	w.t.Helper()
	if last := w.log.Last().Sequence; last < uint64(len(w.entries)) {
		w.t.Fatalf("the log ends at %d, acknowledged is %d", last, len(w.entries))
	}
	reader := w.log.Reader(uint64(len(w.entries)) + 1)
	defer reader.Close()
	for {
		entry, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		if entry.Op == log.Insert {
			entry.Payload = slices.Clone(entry.Payload)
			w.entries = append(w.entries, naiveEntry{record: entry.Record})
			continue
		}
		w.entries = append(w.entries, naiveEntry{})
		mark, err := ingest.DecodeMark(entry)
		if err != nil {
			w.t.Fatal(err)
		}
		for i := w.marked; i < mark.Through; i++ {
			w.entries[i].at = mark.VisibleAt
		}
		w.marked, w.at = mark.Through, mark.VisibleAt
	}
}

// A damaged log is an error that names it, for scans and flushes, unless whoever opened it goes on.
func TestLiveHistoryDamage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rand.New(rand.NewPCG(1, 8)))
	for range 60 {
		if err := w.insert(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.mark(); err != nil {
		t.Fatal(err)
	}
	entries, err := w.fs.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.fs.Flip("log/"+entries[0].Name(), 8*200); err != nil {
		t.Fatal(err)
	}
	request := &engine.ScanRequest{Source: liveSources()[0], Columns: []int{2}, Workers: 1}
	scan := func() error {
		return newLiveHistory(w.files(""), w.pushed, nil).Scan(context.Background(), request,
			func(int, *engine.Chunk) error { return nil })
	}
	var damage *log.Damage
	if err := scan(); !errors.As(err, &damage) {
		t.Fatalf("scan: %v", err)
	}
	if _, err := w.pushed.FlushHistory(context.Background(), flushOptions{}); !errors.As(err, &damage) {
		t.Fatalf("flush: %v", err)
	}
	told := 0
	w.pushed.options.Damaged = func(*log.Damage) error { told++; return nil }
	if err := scan(); err != nil || told == 0 {
		t.Fatalf("told %d times: %v", told, err)
	}
}
