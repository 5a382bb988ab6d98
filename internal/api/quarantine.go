package api

import (
	"net/http"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// quarantine answers GET /v1/quarantine/{source}.
func (a *API) quarantine(w http.ResponseWriter, r *http.Request) error {
	if a.node.Events == nil {
		return absent("a quarantine")
	}
	values, err := parameters(r, "limit")
	if err != nil {
		return err
	}
	limit, err := whole(values, "limit", mostListed)
	if err != nil {
		return err
	}
	if limit == 0 {
		limit = defaultListed
	}
	entries, err := a.node.Events.Quarantine(r.Context(), r.PathValue("source"), int(limit))
	if err != nil {
		return err
	}
	answer := &wire.QuarantineAnswer{Source: r.PathValue("source"), Entries: []wire.QuarantineEntry{}}
	for _, e := range entries {
		answer.Entries = append(answer.Entries, entryOf(e))
	}
	a.write(w, http.StatusOK, answer)
	return nil
}

// entryOf shows a row with all that is wrong with it.
func entryOf(e ingest.Entry) wire.QuarantineEntry {
	entry := wire.QuarantineEntry{
		Position:   wire.FormatPosition(e.Position.Epoch, e.Position.Sequence),
		ReceivedAt: schema.FormatTime(e.ReceivedAt), Row: e.Row, Line: e.Line, Problems: []wire.Problem{},
		Text: e.Text, Format: e.Format, Truncated: e.Truncated,
	}
	for _, p := range e.Problems {
		entry.Problems = append(entry.Problems, wire.Problem{Field: p.Field, Code: p.Code, Message: p.Message})
	}
	return entry
}

// retry answers POST /v1/quarantine/{source}/retry. It has no body.
func (a *API) retry(w http.ResponseWriter, r *http.Request) error {
	if a.node.Events == nil {
		return absent("a quarantine")
	}
	if _, err := parameters(r); err != nil {
		return err
	}
	give, err := a.writers.take(r.Context())
	if err != nil {
		return err
	}
	defer give()
	result, err := a.node.Events.Retry(r.Context(), r.PathValue("source"))
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, eventsAnswer(result, false))
	return nil
}
