package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/wire"
)

// FuzzFeatures sends any body: the answer is values or an error of the caller's, never one of ours,
// and it is JSON that our own reader takes.
func FuzzFeatures(f *testing.F) {
	for _, seed := range []string{
		`{"model":"fraud","entities":{"card_id":"c1","at_shop":7},"request":{"limit":10},"detail":true}`,
		`{"model":"fraud","entities":{"card_id":["c1",null],"at_shop":"7"},"request":{"limit":[1e0,null]},"detail":true}`,
		`{"features":["spend.*","shops.sales"],"entities":{"card_id":"k\"ey","shop_id":[]},"request":{"limit":null}}`,
		`{"features":["spend.total"],"entities":{"card_id":"\u0000\ud83d\ude00"},"as_of":"2024-05-03","max_age":"1h"}`,
		`{"features":["shops.sales"],"entities":{"shop_id":["7"]},"text":true,"timeout_ms":1000}`,
	} {
		f.Add([]byte(seed))
	}
	handler := api.New(newNode(f), options())
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request("POST", "/v1/features", "application/json", string(body)))
		var message any = &wire.FeaturesAnswer{}
		switch w.Code {
		case 200:
		case 400, 404, 504:
			message = &wire.Failure{}
		default:
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if err := wire.Decode(w.Body.Bytes(), message); err != nil {
			t.Fatalf("%q: %s: %v", body, w.Body, err)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q: %s", body, w.Body)
		}
	})
}

// BenchmarkFeatures is one row of six features over four events, all but the network.
func BenchmarkFeatures(b *testing.B) {
	handler := api.New(newNode(b), options())
	const body = `{"model":"fraud","entities":{"card_id":"c1","at_shop":7},"request":{"limit":10}}`
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request("POST", "/v1/features", "application/json", body))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
