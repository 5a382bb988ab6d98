package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/wire"
)

// checkHost refuses requests under a name that is not this server's. A page of a stranger can make
// its own name point to the loopback, and the browser then lets it read answers from there; what it
// cannot do is to send another name.
func (a *API) checkHost(r *http.Request) error {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	// Addresses of this machine on a network are names like others here: they are to be allowed.
	if slices.Contains(a.options.Hosts, "*") || slices.ContainsFunc(a.options.Hosts,
		func(allowed string) bool { return strings.EqualFold(allowed, host) }) {
		return nil
	}
	return &wire.Error{Code: wire.Denied, Message: "this server is not called by that name",
		Hint: "use a loopback address, or add the name to the hosts of the server"}
}

// checkToken refuses requests without the token. The two are compared by their hashes, in a time that
// tells neither length nor content.
func (a *API) checkToken(r *http.Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// A scheme is written in either case; a token is not.
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	same := subtle.ConstantTimeCompare(given[:], a.token[:]) == 1
	if a.options.Token != "" && same && strings.EqualFold(scheme, "Bearer") &&
		len(r.Header.Values("Authorization")) == 1 {
		return nil
	}
	return &wire.Error{Code: wire.Unauthenticated, Message: "the token is missing or wrong",
		Hint: "send Authorization: Bearer TOKEN; the token of an embedded server is in .fettle/token"}
}
