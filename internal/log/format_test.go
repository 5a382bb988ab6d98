package log_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

var update = flag.Bool("update", false, "rewrite the sample of the format")

const sample = "testdata/v1.log"

// writeSample writes the log that the sample is the only segment of.
func writeSample(t *testing.T) files {
	t.Helper()
	m := disk.NewMemory()
	l, _ := open(t, m, log.Options{
		Known: 40, Clock: clock.NewFake(1_767_225_600_000_000), Random: bytes.NewReader([]byte("salt")),
	})
	for _, list := range [][]log.Record{
		{
			{Op: log.Insert, Target: 1, Payload: []byte(`{"card":"c1","amount":12.5}`)},
			{Op: log.Replace, Target: 1, ReceivedAt: 1_767_225_600_000_001, Payload: []byte{0, 1, 2, 255}},
		},
		{{Op: log.Delete, Target: 4_000_000_000, ReceivedAt: -1}},
	} {
		if _, err := l.Append(context.Background(), list); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return snapshot(t, m)
}

// TestSample reads the sample of format version 1, as every later release must, and compares it
// byte by byte with what is written today.
func TestSample(t *testing.T) {
	t.Parallel()
	written := writeSample(t)
	name := segmentOf(41, 1)
	if *update {
		if err := os.WriteFile(sample, written[name], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, written[name]) {
		t.Errorf("written today:\n%x\nsample:\n%x", written[name], data)
	}
	l, report := open(t, written.change(name, data).disk(), log.Options{Known: 43})
	equal(t, "report", describe(report), "!@0+0:1-40")
	r := l.Reader(41)
	defer r.Close()
	var got string
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprintf("%v op %d target %d key %d at %d: %q\n", e.Position, e.Op, e.Target, e.Key,
			e.ReceivedAt, e.Payload)
	}
	equal(t, "sample", got, `1-41 op 1 target 1 key 0 at 1767225600000000: "{\"card\":\"c1\",\"amount\":12.5}"
1-42 op 2 target 1 key 0 at 1767225600000001: "\x00\x01\x02\xff"
1-43 op 3 target 4000000000 key 0 at -1: ""
`)
}
