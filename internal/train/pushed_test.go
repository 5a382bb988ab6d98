package train

import "testing"

// Pushed rows are part of what a dataset is: their number and digest, not how far the log was read.
func TestManifestOfPushed(t *testing.T) {
	t.Parallel()
	id := func(p *Pushed) string {
		m := sampleManifest()
		m.Sources[0].Pushed = p
		m.identify()
		text, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeManifest(text)
		if err != nil || (back.Sources[0].Pushed == nil) != (p == nil) ||
			p != nil && *back.Sources[0].Pushed != *p {
			t.Fatalf("%+v came back as %+v, %v", p, back, err)
		}
		return m.DatasetID
	}
	base := id(&Pushed{Through: 9, Rows: 2, Digest: "ab"})
	if id(&Pushed{Through: 12, Rows: 2, Digest: "ab"}) != base {
		t.Error("the end of the log changes the id")
	}
	for _, other := range []*Pushed{nil, {Through: 9, Rows: 3, Digest: "ab"}, {Through: 9, Rows: 2, Digest: "ac"}} {
		if id(other) == base {
			t.Errorf("%+v has the same id", other)
		}
	}
}
