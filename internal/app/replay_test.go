package app

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// pushedProject has realtime and refreshed views, a link, and a feed that is only pushed.
const pushedProject = `entity: shop
key: {shop: string}
belongs_to: {city: shop_info.city}
---
entity: city
key: {city: string}
---
source: sales
push: true
fields: {id: int64, shop: string, city: string, amount: float64, at: timestamp}
id: id
event_time: {column: at}
available: greatest(at + 1m, received_at)
---
view: shop_info
entity: shop
source: sales
features:
  city: city
---
view: takings
entity: shop
source: sales
features:
  sum_1h: sum(amount) over 1h
  count_1d: count() over 1d
  largest: max(amount) over 2h
  share: sum_1h / nullif(city.city_takings.sum_1d, 0)
---
view: city_takings
entity: city
source: sales
freshness: 1h
ready_after: 5m
features:
  sum_1d: sum(amount) over 1d
  mean_1d: avg(amount) over 1d
---
model: forecast
features: [takings.*, shop_info.city]
log: {sample: 1}
`

const dayOfSales = int64(1_714_521_600_000_000) // 2024-05-01

// pushSales pushes the sales of three days, shuffled within an hour, as they come in.
func pushSales(t *testing.T, n *Node, count int) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	var lines []string
	for i := range count {
		at := dayOfSales + int64(i)*3*schema.Day/int64(count) - r.Int64N(schema.Hour)
		shop := r.IntN(5)
		lines = append(lines, fmt.Sprintf(`{"id":%d,"shop":"s%d","city":"c%d","amount":%v,"at":%q}`,
			i, shop, shop%2, math.Round(r.ExpFloat64()*1e4)/100, schema.FormatTime(at)))
	}
	for batch := range slices.Chunk(lines, 97) {
		result, err := n.live.ingest.Push(t.Context(), ingest.PushRequest{
			Source: "sales", Format: format.JSONL, Body: []byte(strings.Join(batch, "\n")), MaxBad: -1,
		})
		if err != nil || len(result.Quarantined) > 0 {
			t.Fatalf("push: %v, %v", result, err)
		}
		if err := n.live.ingest.Wait(t.Context(), result.Position); err != nil {
			t.Fatal(err)
		}
	}
}

// openNode opens a project whose clock stands some days after the sales.
func openNode(t *testing.T, definitions string) *Node {
	t.Helper()
	dir := writeProject(t, map[string]string{"fettle.yaml": "project: p\n", "features/p.yaml": definitions})
	n, err := Open(t.Context(), NodeOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if _, err := n.Apply(t.Context(), &wire.ApplyRequest{}); err != nil {
		t.Fatal(err, wireError(err).Details)
	}
	return n
}

// salesLabels asks about every shop, and one that is not there, at odd and at even times.
func salesLabels(count int) *wire.Labels {
	r := rand.New(rand.NewPCG(6, 6))
	var text strings.Builder
	text.WriteString("shop,time\n")
	for range count {
		at := dayOfSales + r.Int64N(4*schema.Day)
		if r.IntN(3) == 0 {
			at = at / schema.Hour * schema.Hour
		}
		fmt.Fprintf(&text, "s%d,%s\n", r.IntN(6), schema.FormatTime(at))
	}
	return &wire.Labels{Upload: &wire.Upload{Format: "csv", Body: []byte(text.String())}}
}

// TestReplay pushes a history, lives through it again and compares with training. Then one bit of
// what serving reads is turned, which must be found.
func TestReplay(t *testing.T) {
	t.Parallel()
	// The sales came in late: received_at would make all of them unknown at their time.
	n := openNode(t, strings.Replace(pushedProject, "greatest(at + 1m, received_at)", "at + 1m", 1))
	pushSales(t, n, 3_000)
	request := &wire.VerifyRequest{Model: "forecast", Labels: salesLabels(300), Time: "time"}
	answer, err := operations{n}.Verify(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Mismatched > 0 || answer.Compared != 300*5 || answer.EventsApplied < 2_000 || answer.OnlineReads != 300 {
		t.Fatalf("%+v", answer)
	}
	spoiled := 0
	n.corrupt = func(events engine.Events) engine.Events { return &spoiler{events, &spoiled} }
	request.Labels = salesLabels(300)
	answer, err = operations{n}.Verify(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Mismatched == 0 || spoiled == 0 || len(answer.Mismatches) == 0 {
		t.Errorf("%d cells were spoiled, %d of %d values were found", spoiled, answer.Mismatched, answer.Compared)
	}
}

// spoiler turns the last bit of the first float of every chunk.
type spoiler struct {
	engine.Events
	spoiled *int
}

func (s *spoiler) Scan(ctx context.Context, request *engine.ScanRequest, emit func(int, *engine.Chunk) error) error {
	return s.Events.Scan(ctx, request, func(worker int, c *engine.Chunk) error {
		copied := *c
		copied.Columns = slices.Clone(c.Columns)
		for i, column := range c.Columns {
			if column.Type.Kind != schema.Float64 || column.Length == 0 {
				continue
			}
			turned := *column
			turned.Floats = slices.Clone(column.Floats)
			turned.Floats[0] = math.Float64frombits(math.Float64bits(turned.Floats[0]) ^ 1)
			copied.Columns[i] = &turned
			*s.spoiled++
		}
		return emit(worker, &copied)
	})
}

// TestServedIsVerified asks between pushes and computes the answers again from history.
func TestServedIsVerified(t *testing.T) {
	t.Parallel()
	n := openNode(t, pushedProject)
	query, err := n.server.Resolve("forecast", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		var lines []string
		for k := range 20 {
			at := schema.FormatTime(n.options.Clock.Now() - int64(k)*10*schema.Minute - schema.Minute)
			lines = append(lines, fmt.Sprintf(`{"id":%d,"shop":"s1","city":"c1","amount":%d.25,"at":%q}`, i*20+k, k, at))
		}
		if _, err := n.live.ingest.Push(t.Context(), ingest.PushRequest{
			Source: "sales", Format: format.JSONL, Body: []byte(strings.Join(lines, "\n")),
		}); err != nil {
			t.Fatal(err)
		}
		for _, shop := range []string{"s1", "s2"} {
			key := [][]*batch.Column{{batch.Repeat(schema.StringValue(shop), 1)}}
			if _, err := n.server.Ask(t.Context(), query, rowsOfKeys(key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	answer, err := operations{n}.Verify(t.Context(), &wire.VerifyRequest{})
	if err != nil || answer.Mismatched > 0 || answer.Requests != 10 || answer.Compared != 50 {
		t.Fatalf("%+v, %v", answer, err)
	}
}

func rowsOfKeys(keys [][]*batch.Column) serve.Rows {
	return serve.Rows{Count: 1, Keys: keys, Timeout: time.Minute}
}
