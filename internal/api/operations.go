package api

import (
	"net/http"
	"strings"

	"github.com/fettle-ml/fettle/internal/wire"
)

// mostListed bounds what one answer lists.
const mostListed = 10_000

// defaultListed is how many entries are listed if the request does not say.
const defaultListed = 100

// status answers GET /v1/status.
func (a *API) status(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	if a.node.Operations == nil {
		return absent("its status")
	}
	status, err := a.node.Operations.Status(r.Context())
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, status)
	return nil
}

// why answers POST /v1/why.
func (a *API) why(w http.ResponseWriter, r *http.Request) error {
	if a.node.Operations == nil {
		return absent("to explain values")
	}
	request := &wire.WhyRequest{}
	if err := a.decode(w, r, request); err != nil {
		return err
	}
	if request.Limit < 0 || request.Limit > mostListed {
		return &wire.Error{Code: wire.InvalidArgument, Field: "limit", Message: "limit is out of range",
			Hint: "write a whole number from 1 to 10000"}
	}
	if request.Feature == "" {
		return &wire.Error{Code: wire.InvalidArgument, Field: "feature", Message: "which feature?",
			Hint: `give "feature": "VIEW.FEATURE"`}
	}
	return answer(a, w, r, a.readers, request, a.node.Operations.Why)
}

// verify answers POST /v1/verify. The labels may be the body, as those of a training set.
func (a *API) verify(w http.ResponseWriter, r *http.Request) error {
	if a.node.Operations == nil {
		return absent("to verify")
	}
	request, err := a.verifyRequest(w, r)
	if err != nil {
		return err
	}
	return answer(a, w, r, a.heavy, request, a.node.Operations.Verify)
}

// verifyRequest reads either a JSON body or a body of labels with the rest in the URL.
func (a *API) verifyRequest(w http.ResponseWriter, r *http.Request) (*wire.VerifyRequest, error) {
	request := &wire.VerifyRequest{}
	upload, err := a.upload(w, r, request)
	if err != nil || upload == nil {
		return request, err
	}
	values, err := parameters(r, "model", "features", "time", "timezone", "limit")
	if err != nil {
		return nil, err
	}
	limit, err := whole(values, "limit", mostListed)
	if err != nil {
		return nil, err
	}
	return &wire.VerifyRequest{
		Model: values.Get("model"), Features: names(values.Get("features")), Time: values.Get("time"),
		Timezone: values.Get("timezone"), Limit: int(limit), Labels: &wire.Labels{Upload: upload},
	}, nil
}

// history answers GET /v1/history/{view}.
func (a *API) history(w http.ResponseWriter, r *http.Request) error {
	if a.node.Operations == nil {
		return absent("history")
	}
	values, err := parameters(r, "from", "to", "limit", "cursor", "key.")
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
	request := &wire.HistoryRequest{View: r.PathValue("view"), Keys: map[string]string{}, From: values.Get("from"),
		To: values.Get("to"), Limit: int(limit), Cursor: values.Get("cursor")}
	for name := range values {
		if column, found := strings.CutPrefix(name, "key."); found {
			request.Keys[column] = values.Get(name)
		}
	}
	give, err := a.readers.take(r.Context())
	if err != nil {
		return err
	}
	defer give()
	answer, err := a.node.Operations.History(r.Context(), request)
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, answer)
	return nil
}
