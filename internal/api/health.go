package api

import (
	"net/http"

	"github.com/fettle-ml/fettle/internal/wire"
)

// health says that the process is there. It tells nothing else, since anybody may ask.
func (a *API) health(w http.ResponseWriter, _ *http.Request) error {
	a.writeBytes(w, http.StatusOK, []byte(`{"status":"ok"}`+"\n"))
	return nil
}

// ready says whether requests can be answered; why not is for the log.
func (a *API) ready(w http.ResponseWriter, r *http.Request) error {
	if a.node.Ready != nil {
		if err := a.node.Ready(r.Context()); err != nil {
			a.options.Observer.Failed(callOf(r).id, err)
			return &wire.Error{Code: wire.Unavailable, Message: "not ready"}
		}
	}
	a.writeBytes(w, http.StatusOK, []byte(`{"status":"ready"}`+"\n"))
	return nil
}

// absent refuses what this node does not do.
func absent(what string) error {
	return &wire.Error{Code: wire.Unavailable, Message: "this server does not offer " + what}
}
