package template

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// tableBuilder builds a batch row by row. It is slow and simple; the example has a few hundred
// thousand rows.
type tableBuilder struct {
	fields   []schema.Field
	builders []*batch.Builder
}

func newTable(fields ...schema.Field) *tableBuilder {
	t := &tableBuilder{fields: fields}
	for _, field := range fields {
		t.builders = append(t.builders, batch.NewBuilder(field.Type))
	}
	return t
}

// add takes one value for each field, in their order and of their types.
func (t *tableBuilder) add(values ...schema.Value) {
	for i, v := range values {
		t.builders[i].Append(v)
	}
}

func (t *tableBuilder) batch() *batch.Batch {
	columns := make([]*batch.Column, len(t.builders))
	for i, b := range t.builders {
		columns[i] = b.Column()
	}
	return batch.New(t.fields, columns)
}

func field(name string, kind schema.Kind) schema.Field {
	return schema.Field{Name: name, Type: schema.Of(kind)}
}

func timeValue(micros int64) schema.Value {
	return schema.Value{Type: schema.Of(schema.Timestamp), Int: micros}
}

// text and its neighbours only keep the tables below readable.
func text(s string) schema.Value { return schema.StringValue(s) }

// amount turns cents into the nearest float64.
func amount(cents int64) schema.Value { return schema.FloatValue(float64(cents) / 100) }

// transactions is the stream of payments, as delivered; ts is the wall clock of the shop. Shops
// keep different clocks, so the name of the zone goes beside each. In the hour that occurs twice
// even both do not say which instant it was, as in real data of this kind.
func transactions(rows []purchase) *batch.Batch {
	t := newTable(
		field("txn_id", schema.Int64), field("card_id", schema.String), field("group_id", schema.String),
		field("merchant_id", schema.String), field("amount", schema.Float64),
		field("channel", schema.String), field("status", schema.String),
		field("country", schema.String), field("ts", schema.Timestamp), field("zone", schema.String),
		field("seq", schema.Int64), field("posted_at", schema.Timestamp),
	)
	for _, p := range rows {
		shop := p.merchant.place
		t.add(schema.IntValue(p.id), text(p.card.id), text(p.card.groupAt(p.at)),
			text(p.merchant.id), amount(p.cents), text(p.channel), text(p.status),
			text(shop.country), timeValue(shop.zone.ToWall(p.at)), text(shop.zone.Name()),
			schema.IntValue(p.sequence), timeValue(p.posted))
	}
	return t.batch()
}

// months cuts payments into the files they are delivered in, by the month of delivery. The rows
// must be in the order of delivery. A purchase late in a month may lie in the next file.
func months(rows []purchase) (names []string, parts [][]purchase) {
	month := func(p purchase) string { return time.UnixMicro(p.posted).UTC().Format("2006-01") }
	for len(rows) > 0 {
		name := month(rows[0])
		n := slices.IndexFunc(rows, func(p purchase) bool { return month(p) != name })
		if n < 0 {
			n = len(rows)
		}
		names, parts = append(names, name), append(parts, rows[:n])
		rows = rows[n:]
	}
	return names, parts
}

// profilesTable is the table of cards, in the order of its changes. A row with op d is a tombstone:
// it ends the card until another row of it follows.
func profilesTable(cards []*card) *batch.Batch {
	type change struct {
		card *card
		row  profile
	}
	var changes []change
	for _, c := range cards {
		for _, row := range c.history {
			changes = append(changes, change{c, row})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.row.from, b.row.from) })
	t := newTable(
		field("card_id", schema.String), field("op", schema.String), field("group_id", schema.String),
		field("home_country", schema.String), field("credit_limit", schema.Int64),
		field("valid_from", schema.Timestamp),
	)
	for _, c := range changes {
		op := "u"
		if c.row.deleted {
			op = "d"
		}
		t.add(text(c.card.id), text(op), text(groupName(c.row.group)), text(c.card.home.country),
			schema.IntValue(c.row.limit), timeValue(c.row.from))
	}
	return t.batch()
}

// labelLines is the file of labels as CSV. Times are written in UTC with a zone, so that labels can
// be read without further options.
func labelLines(labels []purchase) []byte {
	out := []byte("txn_id,card_id,merchant_id,amount,time,is_fraud\n")
	for _, p := range labels {
		out = strconv.AppendInt(out, p.id, 10)
		out = append(out, ","+p.card.id+","+p.merchant.id+","...)
		out = append(out, schema.FormatFloat(float64(p.cents)/100)...)
		out = append(out, ","+schema.FormatTime(p.at)+","...)
		out = strconv.AppendBool(out, p.fraud)
		out = append(out, '\n')
	}
	return out
}
