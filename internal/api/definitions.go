package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// plan answers POST /v1/plan. An empty object asks about the server's own project directory.
func (a *API) plan(w http.ResponseWriter, r *http.Request) error {
	if a.node.Definitions == nil {
		return absent("to plan")
	}
	request := &wire.PlanRequest{}
	if err := a.decode(w, r, request); err != nil {
		return err
	}
	return answer(a, w, r, a.heavy, request, a.node.Definitions.Plan)
}

// apply answers POST /v1/apply.
func (a *API) apply(w http.ResponseWriter, r *http.Request) error {
	if a.node.Definitions == nil {
		return absent("to apply")
	}
	request := &wire.ApplyRequest{}
	if err := a.decode(w, r, request); err != nil {
		return err
	}
	return answer(a, w, r, a.heavy, request, a.node.Definitions.Apply)
}

// kindOf finds a kind of definitions by the name that the URL has for it.
func kindOf(r *http.Request) (string, error) {
	plural := r.PathValue("kind")
	all := []string{"entities", "sources", "views", "features", "models"}
	singular := []string{"entity", "source", "view", "feature", "model"}
	if i := slices.Index(all, plural); i >= 0 {
		return singular[i], nil
	}
	e := &wire.Error{Code: wire.NotFound, Message: fmt.Sprintf("there are no %s", cut(plural)),
		Hint: "there is " + strings.Join(all, ", ")}
	if near := schema.Nearest(plural, all); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", near)
	}
	return "", e
}

// list answers GET /v1/registry/{kind}.
func (a *API) list(w http.ResponseWriter, r *http.Request) error {
	if a.node.Definitions == nil {
		return absent("its definitions")
	}
	kind, err := kindOf(r)
	if err != nil {
		return err
	}
	values, err := parameters(r, "cursor", "limit")
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
	answer, err := a.node.Definitions.List(r.Context(), kind, values.Get("cursor"), int(limit))
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, answer)
	return nil
}

// show answers GET /v1/registry/{kind}/{name}, where the name may be NAME@VERSION.
func (a *API) show(w http.ResponseWriter, r *http.Request) error {
	if a.node.Definitions == nil {
		return absent("its definitions")
	}
	kind, err := kindOf(r)
	if err != nil {
		return err
	}
	if _, err := parameters(r); err != nil {
		return err
	}
	// No name holds an @, so the first one begins the version.
	name, version, _ := strings.Cut(r.PathValue("name"), "@")
	answer, err := a.node.Definitions.Show(r.Context(), kind, name, version)
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, answer)
	return nil
}
