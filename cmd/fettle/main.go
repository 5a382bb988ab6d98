// Command fettle declares features once and computes them everywhere: see the README.
package main

import (
	"os"

	"github.com/fettle-ml/fettle/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
