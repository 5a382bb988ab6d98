package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// write answers with a message of package wire.
func (a *API) write(w http.ResponseWriter, status int, message any) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // the answer is JSON, and nosniff says so to browsers
	if err := encoder.Encode(message); err != nil {
		panic(fmt.Sprintf("BUG: a %T cannot be written as JSON: %v", message, err))
	}
	a.writeBytes(w, status, b.Bytes())
}

// writeBytes answers with text that is JSON. That the client may be gone is nobody's error.
func (a *API) writeBytes(w http.ResponseWriter, status int, text []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	a.allowWrite(w)
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// allowWrite gives the client time to take what is written next. Connections that know no deadlines
// are those inside of a process.
func (a *API) allowWrite(w http.ResponseWriter) {
	// The wall clock of the machine, as the network goes by no other.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(a.options.WriteTimeout))
}
