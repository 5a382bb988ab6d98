package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// buildVersion is what the build recorded about itself. Revision is empty, and Modified false,
// where the build knew of no repository.
type buildVersion struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// newVersion is the command version. Nothing is stamped into the binary by a script: what it says
// is what the Go tool recorded, so any way of building tells the truth.
func newVersion(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  cobra.NoArgs,
		RunE: s.run(func(*cobra.Command, []string) error {
			v := readVersion()
			if s.output == outputJSON {
				s.writeJSON(s.streams.Out, v)
				return nil
			}
			fmt.Fprintf(s.streams.Out, "fettle %s (%s, %s)\n", v.Version, v.Go, v.Platform)
			return nil
		}),
	}
}

// readVersion reads the build information; a binary built outside of a repository has no revision.
// devel is said where the Go tool recorded no version, such as in tests.
func readVersion() buildVersion {
	v := buildVersion{
		Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}
