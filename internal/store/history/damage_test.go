package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/store/history"
)

// sample is a directory of two parts.
func sample(t testing.TB) *disk.Fragile {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 1))
	fsys, fields := disk.NewFragile(), allFields()
	h := open(t, fsys)
	for p := range uint64(2) {
		part := history.Part{From: p*5 + 1, To: p*5 + 5, Fields: fields}
		for s := part.From; s <= part.To; s++ {
			part.Rows = append(part.Rows, randomRows(random, fields, s, 4))
		}
		add(t, h, "clicks", part)
	}
	return fsys
}

func bytesOf(t testing.TB, fsys disk.FS, name string) []byte {
	t.Helper()
	file, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func overwrite(t testing.TB, fsys disk.FS, name string, data []byte) {
	t.Helper()
	err := disk.WriteFile(fsys, name, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// One flipped bit, wherever it is, is found and its file is named, by every road.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 1))
	fsys := sample(t)
	h := open(t, fsys)
	flipped := map[string]int{}
	for range 150 {
		part := h.Parts("clicks")[random.IntN(2)]
		bit := random.Int64N(part.Bytes * 8)
		name := path.Join("history/clicks", part.File)
		if err := fsys.Flip(name, bit); err != nil {
			t.Fatal(err)
		}
		flipped[part.File]++
		for _, h := range []*history.History{h, open(t, fsys)} {
			err := h.Scan(context.Background(), "clicks", allFields()[:1], 1, func(_ int, r *history.Rows) error {
				if s := history.Sequence(r.Orders[0]); s >= part.From && s <= part.To {
					t.Fatalf("rows of %s came although bit %d is wrong", part.File, bit)
				}
				return nil
			})
			var damage *history.DamageError
			if !errors.As(err, &damage) || damage.File != part.File || !errors.Is(err, history.ErrDamaged) {
				t.Fatalf("bit %d of %s: %v", bit, part.File, err)
			}
		}
		report, err := h.Check(context.Background(), "clicks")
		if err != nil || len(report.Damages) != 1 || report.Damages[0].File != part.File {
			t.Fatalf("bit %d of %s: %+v, %v", bit, part.File, report, err)
		}
		if err := fsys.Flip(name, bit); err != nil {
			t.Fatal(err)
		}
	}
	manifest := "history/clicks/manifest.json"
	size := int64(len(bytesOf(t, fsys, manifest)))
	for bit := range size * 8 {
		if err := fsys.Flip(manifest, bit); err != nil {
			t.Fatal(err)
		}
		_, err := history.Open(fsys, "history")
		if !strings.Contains(err.Error(), "manifest.json") ||
			!errors.Is(err, history.ErrDamaged) && !errors.Is(err, history.ErrVersion) {
			t.Fatalf("bit %d of the manifest: %v", bit, err)
		}
		if err := fsys.Flip(manifest, bit); err != nil {
			t.Fatal(err)
		}
	}
	if len(flipped) != 2 || size < 300 {
		t.Fatalf("flipped bits of %d parts and a manifest of %d bytes", len(flipped), size)
	}
	open(t, fsys)
}

func TestDamagedDirectories(t *testing.T) {
	t.Parallel()
	first, second := "00000000000000000001-00000000000000000005.parquet",
		"00000000000000000006-00000000000000000010.parquet"
	for _, c := range []struct {
		name, file string
		change     func(t *testing.T, fsys *disk.Fragile, dir string)
	}{
		{"missing part", first, func(t *testing.T, fsys *disk.Fragile, dir string) {
			if err := fsys.Remove(path.Join(dir, first)); err != nil {
				t.Fatal(err)
			}
		}},
		{"cut part", second, func(t *testing.T, fsys *disk.Fragile, dir string) {
			data := bytesOf(t, fsys, path.Join(dir, second))
			overwrite(t, fsys, path.Join(dir, second), data[:len(data)-1])
		}},
		{"exchanged parts", first, func(t *testing.T, fsys *disk.Fragile, dir string) {
			overwrite(t, fsys, path.Join(dir, first), bytesOf(t, fsys, path.Join(dir, second)))
		}},
		{"missing manifest", "manifest.json", func(t *testing.T, fsys *disk.Fragile, dir string) {
			if err := fsys.Remove(path.Join(dir, "manifest.json")); err != nil {
				t.Fatal(err)
			}
		}},
		{"empty manifest", "manifest.json", func(t *testing.T, fsys *disk.Fragile, dir string) {
			overwrite(t, fsys, path.Join(dir, "manifest.json"), nil)
		}},
	} {
		fsys := sample(t)
		c.change(t, fsys, "history/clicks")
		reports, err := history.Check(context.Background(), fsys, "history")
		if err != nil || len(reports) != 1 || len(reports[0].Damages) != 1 || reports[0].Damages[0].File != c.file {
			t.Errorf("%s: check found %+v, %v", c.name, reports[0], err)
		}
		h, err := history.Open(fsys, "history")
		if err == nil {
			err = h.Scan(context.Background(), "clicks", nil, 1, func(int, *history.Rows) error { return nil })
		}
		if !errors.Is(err, history.ErrDamaged) || !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// sealed writes a manifest with another content and a checksum that fits.
func sealed(t testing.TB, text []byte, change func(m map[string]any)) []byte {
	t.Helper()
	type ordered struct {
		Format   any    `json:"format"`
		Source   any    `json:"source"`
		From     any    `json:"from"`
		Layouts  any    `json:"layouts"`
		Parts    any    `json:"parts"`
		Checksum uint32 `json:"checksum"`
	}
	type part struct {
		From   json.Number `json:"from"`
		To     json.Number `json:"to"`
		Rows   json.Number `json:"rows"`
		Bytes  json.Number `json:"bytes"`
		CRC32C json.Number `json:"crc32c"`
		Layout json.Number `json:"layout"`
	}
	var m map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&m); err != nil {
		t.Fatal(err)
	}
	change(m)
	var parts []part
	for _, p := range m["parts"].([]any) {
		number := func(name string) json.Number {
			n, _ := p.(map[string]any)[name].(json.Number)
			return n
		}
		parts = append(parts, part{number("from"), number("to"), number("rows"), number("bytes"),
			number("crc32c"), number("layout")})
	}
	var raw struct {
		Layouts json.RawMessage `json:"layouts"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	o := ordered{m["format"], m["source"], m["from"], raw.Layouts, parts, 0}
	open, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Checksum = crc32.Checksum(open, crc32.MakeTable(crc32.Castagnoli))
	whole, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return append(whole, '\n')
}

// A manifest that is whole and still cannot be is refused with what is wrong.
func TestWrongManifests(t *testing.T) {
	t.Parallel()
	part := func(m map[string]any, i int) map[string]any { return m["parts"].([]any)[i].(map[string]any) }
	for _, c := range []struct {
		name   string
		change func(m map[string]any)
		want   error
	}{
		{"newer", func(m map[string]any) { m["format"] = json.Number("2") }, history.ErrVersion},
		{"older", func(m map[string]any) { m["format"] = json.Number("0") }, history.ErrDamaged},
		{"other source", func(m map[string]any) { m["source"] = "cards" }, history.ErrDamaged},
		{"overlap", func(m map[string]any) { part(m, 1)["from"] = json.Number("5") }, history.ErrOverlap},
		{"gap", func(m map[string]any) { part(m, 0)["to"] = json.Number("4") }, history.ErrGap},
		{"late", func(m map[string]any) { part(m, 0)["from"] = json.Number("2") }, history.ErrGap},
		{"no range", func(m map[string]any) { part(m, 1)["to"] = json.Number("5") }, history.ErrDamaged},
		{"no rows", func(m map[string]any) { part(m, 0)["rows"] = json.Number("0") }, history.ErrDamaged},
		{"no columns", func(m map[string]any) { part(m, 0)["layout"] = json.Number("1") }, history.ErrDamaged},
		{"huge", func(m map[string]any) { part(m, 0)["bytes"] = json.Number("99999999999") }, history.ErrDamaged},
		{"no beginning", func(m map[string]any) { m["from"] = json.Number("0") }, history.ErrDamaged},
	} {
		fsys := sample(t)
		name := "history/clicks/manifest.json"
		text := bytesOf(t, fsys, name)
		if same := sealed(t, text, func(map[string]any) {}); string(same) != string(text) {
			t.Fatalf("the test writes manifests in another way:\n%s%s", same, text)
		}
		overwrite(t, fsys, name, sealed(t, text, c.change))
		_, err := history.Open(fsys, "history")
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "clicks") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What interrupted writes left goes away; files of others stay.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	fsys := sample(t)
	left := []string{"00000000000000000011-00000000000000000020.parquet",
		"00000000000000000011-00000000000000000021.parquet.partial", "manifest.json.partial"}
	for _, name := range append(left, "notes.txt") {
		overwrite(t, fsys, path.Join("history/clicks", name), []byte("x"))
	}
	h := open(t, fsys)
	for _, name := range left {
		if _, err := fsys.Stat(path.Join("history/clicks", name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	report, err := h.Check(context.Background(), "clicks")
	if err != nil || len(report.Unknown) != 1 || report.Unknown[0] != "notes.txt" || len(report.Damages) > 0 {
		t.Errorf("check: %+v, %v", report, err)
	}
}
