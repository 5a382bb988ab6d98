package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// features answers POST /v1/features.
func (a *API) features(w http.ResponseWriter, r *http.Request) error {
	if a.node.Features == nil {
		return absent("values")
	}
	body, err := a.jsonBody(w, r)
	if err != nil {
		return err
	}
	request, err := wire.DecodeFeatures(body)
	if err != nil {
		return err
	}
	answer, columnar, err := a.ask(r, request)
	if err != nil {
		return err
	}
	// The slot is given back by now, so that a client that takes its time to read an answer stops
	// nobody. What it holds is memory, which is counted.
	if size := answerBytes(answer); size > 1<<20 {
		if !a.memory.take(size) {
			return overloaded()
		}
		callOf(r).held += size
	}
	if answer.RequestID != "" {
		w.Header().Set("X-Request-Id", answer.RequestID) // the name under which a sample is kept
	}
	a.send(w, answer, columnar, request.Detail)
	return nil
}

// ask settles the values of a request in a slot.
func (a *API) ask(r *http.Request, request *wire.FeaturesRequest) (*serve.Answer, bool, error) {
	rows, err := a.rowsOf(request)
	if err != nil {
		return nil, false, err
	}
	give, err := a.readers.take(r.Context())
	if err != nil {
		return nil, false, err
	}
	defer give()
	query, err := a.node.Features.Resolve(request.Model, request.Features)
	if err != nil {
		return nil, false, err
	}
	columnar, err := fill(query, request, rows)
	if err != nil {
		return nil, false, err
	}
	answer, err := a.node.Features.Ask(r.Context(), query, *rows)
	return answer, columnar, err
}

// rowsOf reads how values are asked for; which rows comes later, by fill.
func (a *API) rowsOf(request *wire.FeaturesRequest) (*serve.Rows, error) {
	rows := &serve.Rows{Served: request.Mode == wire.AsServed}
	if request.Mode != "" && request.Mode != wire.Ideal && request.Mode != wire.AsServed {
		return nil, invalid("mode", fmt.Sprintf("mode cannot be %q", cut(request.Mode)), "write ideal or as_served")
	}
	if request.AsOf != nil {
		at, err := a.instant(*request.AsOf)
		if err != nil {
			return nil, invalid("as_of", err.Error(), "")
		}
		rows.AsOf = &at
	}
	if request.MaxAge != "" {
		age, err := schema.ParseDuration(request.MaxAge)
		if err != nil || age == 0 {
			return nil, invalid("max_age", fmt.Sprintf("max_age cannot be %q", cut(request.MaxAge)),
				"write digits and a unit, such as 1h")
		}
		rows.MaxAge = age
	}
	if request.MinPosition != "" {
		epoch, sequence, err := wire.ParsePosition(request.MinPosition)
		if err != nil {
			return nil, invalid("min_position", err.Error(), "")
		}
		rows.MinPosition.Epoch, rows.MinPosition.Sequence = epoch, sequence
	}
	// An hour is the bound of a request as a whole; more would be promised in vain.
	const longest = 3_600_000
	if request.TimeoutMS < 0 || request.TimeoutMS > longest {
		return nil, invalid("timeout_ms", fmt.Sprintf("timeout_ms cannot be %d", request.TimeoutMS),
			"write a whole number from 1 to 3600000")
	}
	rows.Timeout = time.Duration(request.TimeoutMS) * time.Millisecond
	return rows, nil
}

// invalid refuses a request for what one of its fields says.
func invalid(field, message, hint string) error {
	return &wire.Error{Code: wire.InvalidArgument, Field: field, Message: message, Hint: hint}
}

// instant reads a time, or a date, which is its midnight in the project's zone.
func (a *API) instant(text string) (int64, error) {
	if days, err := schema.ParseDate(text); err == nil {
		name := "UTC"
		if a.node.Timezone != nil {
			name = a.node.Timezone()
		}
		z, err := zone.Load(name)
		if err != nil {
			return 0, err
		}
		utc, _, _ := z.ToUTC(days * schema.Day)
		return utc, nil
	}
	at, zoned, err := schema.ParseTime(text)
	if err == nil && !zoned {
		err = fmt.Errorf("%q has no zone; write it as 2024-05-01T12:30:00Z", cut(text))
	}
	return at, err
}
