package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
)

const explained = `
entity: card
key: {card_id: string}
---
source: payments
path: p.csv
fields: {card_id: string, ts: timestamp, amount: float64, vat: float64, status: string, note: string}
columns: {net: amount - vat}
event_time: ts
---
view: other
entity: card
source: payments
features:
  visits: count() over 90d
---
view: spend
entity: card
source: payments
where: amount > 0
request: {price: float64}
features:
  total_7d: sum(net) where status = 'paid' over 7d
  mean_30d: avg(net) where status = 'paid' over 30d offset 1d
  ever: max(amount) over all
  note: note
  mixed: request.price / nullif(total_7d, 0) + other.visits
  constant: request.price * 2
`

func reach(micros int64) string {
	if micros < 0 {
		return "all"
	}
	return fmt.Sprintf("%dd", micros/86_400_000_000)
}

// TestExplain explains features of each layer.
func TestExplain(t *testing.T) {
	t.Parallel()
	result := lang.Compile(lang.Input{
		Project: lang.File{Path: "fettle.yaml", Text: []byte("project: p\n")},
		Files:   []lang.File{{Path: "features/a.yaml", Text: []byte(explained)}},
	})
	if result.Plan == nil {
		t.Fatalf("%v", result.Diagnostics)
	}
	var lines []string
	for _, x := range plan.Explain(result.Plan.Views[1]) {
		f := x.View.Features[x.Feature]
		lanes := ""
		for _, lane := range x.Lanes {
			lanes += fmt.Sprintf("[%s +%d]", lane.Text, lane.Shared)
		}
		served, _ := x.Where()
		lines = append(lines, fmt.Sprintf("%s %s columns=%v lanes=%s\n"+
			"  refs=%v request=%v filters=%d bytes=%d windows=%d reach=%s newest=%t\n  %s",
			f.Name, f.Layer, x.Columns, lanes, x.References, x.Request, x.Filters, x.Bytes, x.Windows,
			reach(x.Reach), x.Newest, served))
	}
	want := `
total_7d aggregate columns=[amount vat status] lanes=[net where (amount > 0) and (status = 'paid') +2]
  refs=[] request=[] filters=2 bytes=40 windows=1 reach=7d newest=false
  at each request, from the events of the last 7d of the card in online state
mean_30d aggregate columns=[amount vat status] lanes=[net where (amount > 0) and (status = 'paid') +2]
  refs=[] request=[] filters=2 bytes=40 windows=1 reach=31d newest=false
  at each request, from the events of the last 31d of the card in online state
ever aggregate columns=[amount] lanes=[amount where (amount > 0) +0]
  refs=[] request=[] filters=1 bytes=16 windows=1 reach=all newest=false
  at each request, from the events of the card in online state
note raw columns=[note] lanes=
  refs=[] request=[] filters=0 bytes=24 windows=0 reach=0d newest=true
  at each request, from the newest row of the card in online state
mixed request columns=[amount vat status] lanes=[net where (amount > 0) and (status = 'paid') +2]
  refs=[other.visits] request=[price] filters=2 bytes=40 windows=1 reach=7d newest=false
  at each request, from the events of the last 7d of the card in online state
constant request columns=[] lanes=
  refs=[] request=[price] filters=0 bytes=0 windows=0 reach=0d newest=false
  at each request, from what it reads`
	if got := strings.Join(lines, "\n"); got != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.TrimSpace(want))
	}
}
