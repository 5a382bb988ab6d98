package api_test

import (
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/wire"
)

// messages returns the types of the request and the answer of an endpoint, nil where there is none.
func messages(endpoint string) (request, answer any) {
	switch endpoint {
	case "POST /v1/events/{source}":
		return &wire.EventsRequest{}, &wire.EventsAnswer{}
	case "POST /v1/features":
		return &wire.FeaturesRequest{}, &wire.FeaturesAnswer{}
	case "POST /v1/why":
		return &wire.WhyRequest{}, &wire.Why{}
	case "POST /v1/verify":
		return &wire.VerifyRequest{}, &wire.VerifyAnswer{}
	case "POST /v1/training":
		return &wire.TrainingRequest{}, &wire.Job{}
	case "GET /v1/jobs/{id}", "DELETE /v1/jobs/{id}":
		return nil, &wire.Job{}
	case "POST /v1/plan":
		return &wire.PlanRequest{}, &wire.Plan{}
	case "POST /v1/apply":
		return &wire.ApplyRequest{}, &wire.ApplyAnswer{}
	case "GET /v1/status":
		return nil, &wire.Status{}
	case "GET /v1/quarantine/{source}":
		return nil, &wire.QuarantineAnswer{}
	case "POST /v1/quarantine/{source}/retry":
		return nil, &wire.EventsAnswer{}
	case "GET /v1/history/{view}":
		return nil, &wire.HistoryAnswer{}
	case "GET /v1/registry/{kind}":
		return nil, &wire.DefinitionsAnswer{}
	case "GET /v1/registry/{kind}/{name}":
		return nil, &wire.Definition{}
	}
	return nil, nil
}

var (
	fences  = regexp.MustCompile("(?s)```(\\w+)( \\w+)?\n(.*?)```")
	paths   = regexp.MustCompile(`"\$URL([^"]*)"`)
	payload = regexp.MustCompile(`(?s)-d '(.*?)'`)
	method  = regexp.MustCompile(`-X (\w+)`)
)

// TestDocs reads docs/api.md: every endpoint has a section, every request in it is answered, and
// every JSON body is one of the messages, strictly.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	handler := api.New(newNode(t), options())
	var documented []string
	requests, bodies := 0, 0
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		endpoint, _, _ := strings.Cut(section, "\n")
		if strings.Contains(endpoint, "/") {
			documented = append(documented, endpoint)
		}
		for _, fence := range fences.FindAllStringSubmatch(section, -1) {
			request, message := messages(endpoint)
			switch language, role, content := fence[1], strings.TrimSpace(fence[2]), fence[3]; {
			case language == "sh":
				requests++
				checkCurl(t, handler, endpoint, content, request)
				continue
			case role == "error":
				message = &wire.Failure{}
			case role == "meta":
				message = &wire.Meta{}
			case role == "explained":
				message = &wire.Explanation{}
			case role != "answer" || message == nil:
				t.Errorf("%s: nobody knows what this is: %s", endpoint, fence[0])
				continue
			}
			bodies++
			if err := wire.Decode([]byte(fence[3]), message); err != nil {
				t.Errorf("%s: %v in %s", endpoint, err, fence[3])
			}
		}
	}
	routes := handler.Routes()
	slices.Sort(routes)
	slices.Sort(documented)
	if !slices.Equal(routes, documented) {
		t.Errorf("there is\n%s\nand documented is\n%s", strings.Join(routes, "\n"), strings.Join(documented, "\n"))
	}
	if requests < len(routes) || bodies < 15 {
		t.Errorf("only %d requests and %d bodies were seen", requests, bodies)
	}
}

// checkCurl sends what a curl command would send.
func checkCurl(t *testing.T, handler *api.API, endpoint, command string, message any) {
	t.Helper()
	path := paths.FindStringSubmatch(command)
	if path == nil {
		t.Errorf("%s: no address in %s", endpoint, command)
		return
	}
	verb, contentType, body := "GET", "", ""
	if given := payload.FindStringSubmatch(command); given != nil {
		verb, contentType, body = "POST", "application/json", given[1]
		if err := wire.Decode([]byte(body), message); err != nil {
			t.Errorf("%s: %v in %s", endpoint, err, body)
		}
	}
	if strings.Contains(command, "--data-binary") {
		verb, contentType, body = "POST", "text/csv", "a,b\n"
	}
	if given := method.FindStringSubmatch(command); given != nil {
		verb = given[1]
	}
	if contentType != "" && !strings.Contains(command, "Content-Type: "+contentType) {
		t.Errorf("%s: the content type is missing: %s", endpoint, command)
	}
	if !strings.HasPrefix(endpoint, verb+" ") {
		t.Errorf("%s: the command sends %s", endpoint, verb)
	}
	r := request(verb, path[1], contentType, body)
	if !strings.Contains(command, "Bearer $TOKEN") {
		r.Header.Del("Authorization")
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != 200 && w.Code != 202 {
		t.Errorf("%s: %d %s for %s", endpoint, w.Code, w.Body, command)
	}
}
