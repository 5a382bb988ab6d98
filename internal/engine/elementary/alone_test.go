package elementary_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ofTheCPU finds the functions of package math whose bits may depend on the CPU, and the fused
// multiply-add, which is slow where there is none.
var ofTheCPU = regexp.MustCompile(`\bmath\.(Exp|Exp2|Expm1|Log|Log2|Log10|Log1p|Pow|Sin|Cos|Sincos|` +
	`Tan|Asin|Acos|Atan|Atan2|Sinh|Cosh|Tanh|Asinh|Acosh|Atanh|Hypot|Cbrt|Gamma|Lgamma|Erf|Erfc|FMA)\(`)

// TestAlone reads the sources of all that computes values: none but this package may compute an
// exponential or an angle.
func TestAlone(t *testing.T) {
	t.Parallel()
	if !ofTheCPU.MatchString("x := math.Exp(2)") || ofTheCPU.MatchString("math.Sqrt(2)") {
		t.Fatal("the search does not find what it looks for")
	}
	read := 0
	for _, folder := range []string{"../../engine", "../../schema", "../../plan", "../../batch"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			read++
			text, err := os.ReadFile(path)
			if found := ofTheCPU.Find(text); found != nil {
				t.Errorf("%s calls %s..): use package elementary", path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < 60 {
		t.Errorf("only %d files read", read)
	}
}
