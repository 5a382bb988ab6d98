package api

import (
	"net/http"
	"strconv"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// piece is how many bytes of an answer are gathered before they are sent.
const piece = 256 << 10

// answerBytes estimates the memory of an answer.
func answerBytes(answer *serve.Answer) int64 {
	const cell = 48 // value, status, time, boundary, and text now and then
	return int64(answer.Rows) * int64(len(answer.Query.Names)) * cell
}

// sender writes an answer piece by piece. One that fits into a single piece is sent with its length.
type sender struct {
	api    *API
	w      http.ResponseWriter
	buffer []byte
	begun  bool
	gone   bool // the client does not listen any more
}

// full sends what is gathered if it is much.
func (s *sender) full() {
	if len(s.buffer) < piece {
		return
	}
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", typeJSON)
		s.api.allowWrite(s.w)
		s.w.WriteHeader(http.StatusOK)
	}
	s.flush()
}

// flush sends what is gathered. A client that is gone is noticed once; the rest of the answer is then
// made for nobody, which costs less than a way out of every loop.
func (s *sender) flush() {
	if !s.gone {
		s.api.allowWrite(s.w)
		_, err := s.w.Write(s.buffer)
		s.gone = err != nil
	}
	s.buffer = s.buffer[:0]
}

// end sends the rest.
func (s *sender) end() {
	if !s.begun {
		s.api.writeBytes(s.w, http.StatusOK, s.buffer)
		return
	}
	if s.flush(); s.gone {
		panic(http.ErrAbortHandler)
	}
}

// send writes the values in the order of the model, then what is not fresh.
func (a *API) send(w http.ResponseWriter, answer *serve.Answer, columnar, detail bool) {
	s := &sender{api: a, w: w, buffer: make([]byte, 0, 1024)}
	s.head(answer)
	if columnar {
		s.columns(answer)
		s.columnStatus(answer)
	} else {
		s.row(answer)
		s.rowStatus(answer)
	}
	if detail && columnar {
		s.columnMeta(answer)
	} else if detail {
		s.rowMeta(answer)
	}
	s.buffer = append(s.buffer, `,"request_id":`...)
	s.buffer = append(wire.AppendString(s.buffer, answer.RequestID), "}\n"...)
	s.end()
}

// head writes what holds for the answer as a whole. That it comes from live state is not said: it is
// what everybody expects.
func (s *sender) head(answer *serve.Answer) {
	b := append(s.buffer, `{"as_of":"`...)
	b = append(append(b, schema.FormatTime(answer.AsOf)...), '"')
	if answer.Query.Model != "" {
		b = wire.AppendString(append(b, `,"model":`...), answer.Query.Model)
	}
	if answer.From != serve.FromState {
		b = wire.AppendString(append(b, `,"from":`...), answer.From)
	}
	if position := wire.FormatPosition(answer.Position.Epoch, answer.Position.Sequence); position != "" {
		b = wire.AppendString(append(b, `,"position":`...), position)
	}
	s.buffer = b
}

// row writes the values of a single row in the order of the model, which objects of JSON keep in every
// reader that cares.
func (s *sender) row(answer *serve.Answer) {
	b := append(s.buffer, `,"values":{`...)
	for i, name := range answer.Query.Names {
		b = key(b, i, name)
		b = wire.AppendCell(b, answer.Values[i].Column, 0)
	}
	s.buffer = append(b, '}')
}

// rowStatus lists the features that are not fresh.
func (s *sender) rowStatus(answer *serve.Answer) {
	b, n := append(s.buffer, `,"status":{`...), 0
	for i, name := range answer.Query.Names {
		if status := answer.Values[i].Status[0].String(); status != wire.Fresh {
			b = append(append(append(key(b, n, name), '"'), status...), '"')
			n++
		}
	}
	s.buffer = append(b, '}')
}

// columns writes an array for each feature, in the order of the model.
func (s *sender) columns(answer *serve.Answer) {
	s.buffer = append(s.buffer, `,"rows":`...)
	s.buffer = strconv.AppendInt(s.buffer, int64(answer.Rows), 10)
	s.buffer = append(s.buffer, `,"columns":{`...)
	for i, name := range answer.Query.Names {
		s.buffer = key(s.buffer, i, name)
		s.array(answer.Rows, func(b []byte, row int) []byte {
			return wire.AppendCell(b, answer.Values[i].Column, row)
		})
	}
	s.buffer = append(s.buffer, '}')
}

// columnStatus lists the rows of each feature that are not fresh, by their place in the arrays.
func (s *sender) columnStatus(answer *serve.Answer) {
	s.buffer = append(s.buffer, `,"status":{`...)
	features := 0
	for i, name := range answer.Query.Names {
		n := 0
		for row, status := range answer.Values[i].Status {
			text := status.String()
			if text == wire.Fresh {
				continue
			}
			if n == 0 {
				s.buffer = append(key(s.buffer, features, name), '{')
				features++
			} else {
				s.buffer = append(s.buffer, ',')
			}
			n++
			s.buffer = strconv.AppendInt(append(s.buffer, '"'), int64(row), 10)
			s.buffer = append(append(append(s.buffer, `":"`...), text...), '"')
			s.full()
		}
		if n > 0 {
			s.buffer = append(s.buffer, '}')
		}
	}
	s.buffer = append(s.buffer, '}')
}

// rowMeta writes a wire.Meta for each feature.
func (s *sender) rowMeta(answer *serve.Answer) {
	b := append(s.buffer, `,"meta":{`...)
	for i, name := range answer.Query.Names {
		b = append(key(b, i, name), `{"version":`...)
		b = append(wire.AppendString(b, answer.Query.Versions[i]), `,"event_time":`...)
		b = append(eventTime(b, answer, i, 0), `,"age_ms":`...)
		b = append(age(b, answer, i, 0), `,"status":"`...)
		b = append(append(b, answer.Values[i].Status[0].String()...), '"')
		if reason := answer.Reason(i, 0); reason != "" {
			b = wire.AppendString(append(b, `,"reason":`...), reason)
		}
		b = append(b, '}')
	}
	s.buffer = append(b, '}')
}

// columnMeta writes a wire.MetaColumns for each feature. Reasons are null where there is none, so that
// places agree.
func (s *sender) columnMeta(answer *serve.Answer) {
	s.buffer = append(s.buffer, `,"meta":{`...)
	for i, name := range answer.Query.Names {
		s.buffer = append(key(s.buffer, i, name), `{"version":`...)
		s.buffer = append(wire.AppendString(s.buffer, answer.Query.Versions[i]), `,"event_time":`...)
		s.array(answer.Rows, func(b []byte, row int) []byte { return eventTime(b, answer, i, row) })
		s.buffer = append(s.buffer, `,"age_ms":`...)
		s.array(answer.Rows, func(b []byte, row int) []byte { return age(b, answer, i, row) })
		s.buffer = append(s.buffer, `,"status":`...)
		s.array(answer.Rows, func(b []byte, row int) []byte {
			return wire.AppendString(b, answer.Values[i].Status[row].String())
		})
		s.buffer = append(s.buffer, `,"reason":`...)
		s.array(answer.Rows, func(b []byte, row int) []byte {
			if reason := answer.Reason(i, row); reason != "" {
				return wire.AppendString(b, reason)
			}
			return append(b, "null"...)
		})
		s.buffer = append(s.buffer, '}')
	}
	s.buffer = append(s.buffer, '}')
}

// array writes an element for each row.
func (s *sender) array(rows int, element func(b []byte, row int) []byte) {
	s.buffer = append(s.buffer, '[')
	for row := range rows {
		if row > 0 {
			s.buffer = append(s.buffer, ',')
		}
		s.buffer = element(s.buffer, row)
		s.full()
	}
	s.buffer = append(s.buffer, ']')
}

// key writes the name of member number n.
func key(b []byte, n int, name string) []byte {
	if n > 0 {
		b = append(b, ',')
	}
	return append(wire.AppendString(b, name), ':')
}

// eventTime writes the time of the newest contributing event, or null if there is none.
func eventTime(b []byte, answer *serve.Answer, feature, row int) []byte {
	if _, known := answer.Age(feature, row); !known {
		return append(b, "null"...)
	}
	b = append(append(b, '"'), schema.FormatTime(answer.EventTime(feature, row))...)
	return append(b, '"')
}

// age writes how old a value is in whole milliseconds, rounded down.
func age(b []byte, answer *serve.Answer, feature, row int) []byte {
	age, known := answer.Age(feature, row)
	if !known {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, schema.FloorDiv(age, schema.Millisecond), 10)
}
