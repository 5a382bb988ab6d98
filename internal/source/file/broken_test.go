package file_test

import (
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/source/file"
)

// TestEveryBrokenFileIsNamed: a scan says what is wrong with all files, not with the first.
func TestEveryBrokenFileIsNamed(t *testing.T) {
	t.Parallel()
	fsys, config := fixture(map[string]string{"a.parquet": "no", "b.parquet": "neither"}, "ts:timestamp")
	config.Paths = []string{"*.parquet"}
	source, err := file.Open(fsys, config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = source.Scan(t.Context(), file.ScanRequest{}, nil)
	if err == nil || !strings.Contains(err.Error(), "a.parquet") || !strings.Contains(err.Error(), "b.parquet") {
		t.Errorf("%v", err)
	}
}
