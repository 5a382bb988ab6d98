package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/wire"
)

// pushEvents answers POST /v1/events/{source}.
func (a *API) pushEvents(w http.ResponseWriter, r *http.Request) error {
	if a.node.Events == nil {
		return absent("to take events")
	}
	request, isJSON, err := a.pushRequest(w, r)
	if err != nil {
		return err
	}
	give, err := a.writers.take(r.Context())
	if err != nil {
		return err
	}
	defer give()
	result, err := a.node.Events.Push(r.Context(), *request)
	if err != nil {
		return withoutLines(err, isJSON)
	}
	a.write(w, http.StatusOK, eventsAnswer(result, isJSON))
	return nil
}

// withoutLines forgets the lines of rows that came in an envelope: they are of lines that were made of
// the body, which nobody has seen.
func withoutLines(err error, isJSON bool) error {
	var rejected *ingest.RejectedError
	if !isJSON || !errors.As(err, &rejected) {
		return err
	}
	e := rejection(rejected)
	for i := range e.Details {
		e.Details[i].Line = 0
	}
	return e
}

// pushRequest reads the body as what it says it is. The events of a JSON envelope become lines, so
// that every event is read by the same code, however it came.
func (a *API) pushRequest(w http.ResponseWriter, r *http.Request) (*ingest.PushRequest, bool, error) {
	values, err := parameters(r, "atomic", "ack")
	if err != nil {
		return nil, false, err
	}
	request := &ingest.PushRequest{Source: r.PathValue("source"), MaxBad: -1}
	if request.Atomic, err = boolean(values, "atomic"); err != nil {
		return nil, false, err
	}
	if ack := values.Get("ack"); ack != "" && ack != "fsync" {
		return nil, false, &wire.Error{Code: wire.InvalidArgument, Field: "ack",
			Message: fmt.Sprintf("ack cannot be %q", cut(ack)), Hint: "leave it out: events are safe on disk when acknowledged"}
	}
	if request.IdempotencyKey, err = idempotencyKey(r); err != nil {
		return nil, false, err
	}
	kind, err := contentType(r, typeJSON, typeNDJSON, typeCSV, typeParquet, typeArrowStream, typeArrow)
	if err != nil {
		return nil, false, err
	}
	if request.Body, err = a.body(w, r); err != nil {
		return nil, false, err
	}
	if kind != typeJSON {
		setFormat(&request.Format, kind)
		return request, false, nil
	}
	request.Format = "jsonl"
	request.Body, _, err = wire.SplitEvents(request.Body)
	return request, true, err
}

// idempotencyKey reads the header. The bound keeps what is remembered of keys small.
func idempotencyKey(r *http.Request) (string, error) {
	const longest = 255
	given := r.Header.Values("Idempotency-Key")
	if len(given) == 0 {
		return "", nil
	}
	key := given[0]
	valid := len(given) == 1 && key != "" && len(key) <= longest
	for i := range len(key) {
		valid = valid && key[i] > ' ' && key[i] < 0x7f
	}
	if !valid {
		return "", &wire.Error{Code: wire.InvalidArgument, Field: "Idempotency-Key",
			Message: "the Idempotency-Key is not one word of up to 255 ASCII characters", Hint: "a UUID will do"}
	}
	return key, nil
}

// eventsAnswer is what a push or a retry is answered with.
func eventsAnswer(result *ingest.PushResult, isJSON bool) *wire.EventsAnswer {
	answer := &wire.EventsAnswer{
		Accepted: result.Accepted, Duplicates: result.Duplicates, QuarantinedRows: result.QuarantinedRows,
		Quarantined: []wire.QuarantinedRow{}, Repeated: result.Repeated,
		Position: wire.FormatPosition(result.Position.Epoch, result.Position.Sequence),
	}
	for _, q := range result.Quarantined {
		row := wire.QuarantinedRow{Row: q.Row, Line: q.Line, Field: q.Field, Code: q.Code, Message: q.Message}
		if isJSON {
			row.Line = 0 // as withoutLines
		}
		answer.Quarantined = append(answer.Quarantined, row)
	}
	return answer
}

// boolean reads a parameter that is true or false.
func boolean(values url.Values, name string) (bool, error) {
	switch text := values.Get(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, &wire.Error{Code: wire.InvalidArgument, Field: name,
			Message: fmt.Sprintf("%s cannot be %q", name, cut(text)), Hint: "write true or false"}
	}
}

// whole reads a parameter that is a number from 0 to most.
func whole(values url.Values, name string, most int64) (int64, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, &wire.Error{Code: wire.InvalidArgument, Field: name,
			Message: fmt.Sprintf("%s cannot be %q", name, cut(text)),
			Hint:    fmt.Sprintf("write a whole number from 0 to %d", most)}
	}
	return n, nil
}
