package scripts

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

const memoryDefinitions = `entity: card
key: {card: int64}
---
source: tx
path: tx.parquet
event_time: ts
available: event_time
---
view: spend
entity: card
source: tx
features:
  n_{w}:
    for: {w: [1h, 1d, 7d, 30d]}
    expr: count() over {w}
  sum_{w}:
    for: {w: [1h, 1d, 7d, 30d]}
    expr: sum(amount) over {w}
  max_{w}:
    for: {w: [1h, 1d, 7d, 30d]}
    expr: max(amount) over {w}
`

// TestMemory makes a training set of 3,000,000 events and 600,000 labels in a bounded process: the
// most that was resident stays within 15 % of the bound, and the set is that of an unbounded one.
func TestMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the resident memory is measured as Linux tells it")
	}
	const bound = 200 << 20
	folder := t.TempDir()
	for name, text := range map[string]string{"fettle.yaml": "project: memory\n", "features/all.yaml": memoryDefinitions} {
		if err := disk.WriteFile(disk.OS{}, pathIn(t, folder, name), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 16))
	writeRows(t, r, pathIn(t, folder, "tx.parquet"), 3_000_000, "amount")
	writeRows(t, r, pathIn(t, folder, "labels.parquet"), 600_000, "")
	train := func(output string, more ...string) int64 {
		args := append([]string{"-C", folder, "train", "--features", "spend.*", "--time", "ts",
			"--labels", filepath.Join(folder, "labels.parquet"), "--output", filepath.Join(folder, output)}, more...)
		command := exec.Command("fettle", args...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	free, bounded := train("free.parquet"), train("bounded.parquet", "--memory", "200MB")
	t.Logf("%d MB without a bound, %d MB with one of %d MB", free>>20, bounded>>20, int64(bound)>>20)
	if bounded > bound*115/100 || free < bound*13/10 {
		t.Error("the bound does not hold, or nothing would have gone beyond it")
	}
	a, err := os.ReadFile(filepath.Join(folder, "free.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(folder, "bounded.parquet")); err != nil || !bytes.Equal(a, b) {
		t.Errorf("the bound changes the set: %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(folder, "*.run-*")); err != nil || len(names) > 0 {
		t.Errorf("left behind: %v %v", names, err)
	}
}

func pathIn(t *testing.T, folder, name string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeRows writes rows of random cards and times of a year, and a number if it has a name.
func writeRows(t *testing.T, r *rand.Rand, path string, rows int, number string) {
	t.Helper()
	fields := []schema.Field{
		{Name: "card", Type: schema.Of(schema.Int64)}, {Name: "ts", Type: schema.Of(schema.Timestamp)},
	}
	if number != "" {
		fields = append(fields, schema.Field{Name: number, Type: schema.Of(schema.Float64)})
	}
	err := disk.WriteFile(disk.OS{}, path, func(w io.Writer) error {
		out, err := format.Create(w, format.Parquet, fields)
		for rows > 0 && err == nil {
			n := min(rows, 1<<16)
			rows -= n
			cards, times, numbers := make([]int64, n), make([]int64, n), make([]float64, n)
			for i := range n {
				cards[i], numbers[i] = r.Int64N(10_000), float64(r.IntN(100_000))/100
				times[i] = 1_700_000_000*schema.Second + r.Int64N(365*schema.Day)
			}
			columns := []*batch.Column{
				{Type: fields[0].Type, Length: n, Ints: cards}, {Type: fields[1].Type, Length: n, Ints: times},
				{Type: schema.Of(schema.Float64), Length: n, Floats: numbers},
			}
			err = out.Write(batch.New(fields, columns[:len(fields)]))
		}
		if err != nil {
			return err
		}
		return out.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}
