package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/client"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/wire"
)

// contentTypes are the types of bodies by format.
var contentTypes = map[string]string{
	"csv": "text/csv", "jsonl": "application/x-ndjson", "json": "application/json",
	"parquet": "application/vnd.apache.parquet", "arrow": "application/vnd.apache.arrow.file",
	"arrows": "application/vnd.apache.arrow.stream",
}

// formats names them for people.
const formats = "csv, jsonl, json, parquet, arrow or arrows"

// formatsBySuffix tells the format of a file by its name.
var formatsBySuffix = map[string]string{
	".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet",
	".arrow": "arrow", ".ipc": "arrow", ".feather": "arrow", ".arrows": "arrows",
}

// newIngest is the command ingest.
func newIngest(s *session) *cobra.Command {
	i := &ingestion{session: s}
	command := &cobra.Command{
		Use:   "ingest SOURCE [FILE.. | -]",
		Short: "Push events: rows of files, or of stdin",
		Long: "Push events: rows of files, or of stdin.\n\n" +
			"CSV and JSON lines are sent in parts, each of which is safe on disk when the next one is\n" +
			"sent. Exit code 1 if more rows were quarantined than --max-bad allows; the others count.",
		Args: cobra.MinimumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			if i.maxBad < 0 {
				return usage("--max-bad is %d; it is 0 or more", i.maxBad)
			}
			if _, known := contentTypes[i.format]; !known && i.format != "" {
				return usage("--format is %q; it is "+formats, i.format)
			}
			s.interrupted = "interrupted; what was acknowledged stays"
			files := args[1:]
			if len(files) == 0 {
				files = []string{"-"}
			}
			return s.with(command.Context(), func(c *connection) error {
				return i.run(command.Context(), c, args[0], files)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&i.format, "format", "",
		"`csv|jsonl|json|parquet|arrow|arrows` (default by the suffix of a file; needed for stdin)")
	flags.Int64Var(&i.maxBad, "max-bad", 0, "accept that up to `N` rows are quarantined")
	flags.BoolVar(&i.noWait, "no-wait", false, "do not wait until the events can be asked for")
	return command
}

// ingestion is one run of ingest.
type ingestion struct {
	*session
	format string
	maxBad int64
	noWait bool

	connection *connection
	result     *ingested
	key        string // begins the idempotency keys of this run
	sent       int64  // bytes
	report     func(stage string, done, total int64)
}

// ingested is the result of ingest. Quarantined lists what is wrong with the first rows.
type ingested struct {
	Source          string           `json:"source"`
	Accepted        int64            `json:"accepted"`
	Duplicates      int64            `json:"duplicates"`
	QuarantinedRows int64            `json:"quarantined_rows"`
	Quarantined     []quarantinedRow `json:"quarantined"`
	Position        string           `json:"position"`
}

// quarantinedRow is a row of a file with one thing that is wrong with it.
type quarantinedRow struct {
	File string `json:"file,omitempty"`
	wire.QuarantinedRow
}

// mostListed bounds what a run keeps of quarantined rows, and mostShown what it prints of them.
const (
	mostListed = 1000
	mostShown  = 100
)

func newIngested(source string) *ingested {
	return &ingested{Source: source, Quarantined: []quarantinedRow{}}
}

// add counts the answer to one part, and moves its rows and lines to where they are in the file.
func (r *ingested) add(part sent, a *wire.EventsAnswer) *ingested {
	r.Accepted += a.Accepted
	r.Duplicates += a.Duplicates
	r.QuarantinedRows += a.QuarantinedRows
	if a.Position != "" {
		r.Position = a.Position
	}
	for _, q := range a.Quarantined {
		if len(r.Quarantined) == mostListed {
			break
		}
		q.Row += part.row
		if q.Line > 0 {
			q.Line += part.line
		}
		r.Quarantined = append(r.Quarantined, quarantinedRow{part.file, q})
	}
	return r
}

// run sends all files and prints what became of them. What was sent before a failure is printed too:
// it is in the log and will not go away.
func (i *ingestion) run(ctx context.Context, c *connection, source string, files []string) error {
	key := make([]byte, 12)
	_, _ = rand.Read(key) // never fails: the program ends instead
	i.connection, i.key, i.result = c, hex.EncodeToString(key), newIngested(source)
	report, stop := i.newProgress()
	defer stop()
	i.report = report
	var err error
	for _, file := range files {
		if err = i.file(ctx, file); err != nil {
			break
		}
	}
	if err == nil && !i.noWait {
		err = c.awaitApplied(ctx, i.result)
	}
	stop()
	if err != nil && i.result.Position == "" {
		return err
	}
	i.printIngest(i.result)
	if i.result.QuarantinedRows > i.maxBad {
		i.code = app.ExitFailed
	}
	return err
}

// file sends one file in parts, or whole where its format cannot be cut.
func (i *ingestion) file(ctx context.Context, name string) error {
	format, in, closeFile, err := i.open(name)
	if err != nil {
		return err
	}
	defer closeFile()
	shown := name
	if name == "-" {
		shown = "stdin"
	}
	if format == "csv" || format == "jsonl" {
		return i.parts(ctx, shown, format, in)
	}
	body, err := io.ReadAll(io.LimitReader(in, mostBytes+1))
	if err != nil {
		return readError(shown, err)
	}
	if len(body) > mostBytes {
		return &app.Error{
			Code:    app.ExitInvalid,
			Message: fmt.Sprintf("%s has more than %d MiB, and %s is sent whole", shown, mostBytes>>20, format),
			Hint:    "write it as several files, or as CSV or JSON lines",
		}
	}
	_, err = i.push(ctx, format, sent{file: shown, body: body})
	return err
}

// parts sends a text part by part.
func (i *ingestion) parts(ctx context.Context, name, format string, in io.Reader) error {
	c, err := newChunker(in, format == "csv", chunkBytes)
	if err != nil {
		return readError(name, err)
	}
	part := sent{file: name}
	for {
		part.body, part.line, err = c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readError(name, err)
		}
		a, err := i.push(ctx, format, part)
		if err != nil {
			return err
		}
		part.row += a.Accepted + a.Duplicates + a.QuarantinedRows
	}
}

// readError is about a file that cannot be read. An interrupt is told as such.
func readError(name string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &app.Error{Code: app.ExitInvalid, Message: "read " + name, Err: err}
}

// open opens a file and finds its format. Files packed with gzip are unpacked here, so that they can
// be cut; what else there is of compressions is refused.
func (i *ingestion) open(name string) (format string, in io.Reader, closeFile func(), err error) {
	if name == "-" {
		if i.format == "" {
			return "", nil, nil, usage("--format says what stdin is: " + formats)
		}
		return i.format, i.streams.In, func() {}, nil
	}
	base, packed := strings.CutSuffix(strings.ToLower(name), ".gz")
	if format = i.format; format == "" {
		var known bool
		if format, known = formatsBySuffix[filepath.Ext(base)]; !known {
			return "", nil, nil, &app.Error{
				Code: app.ExitUsage, Message: "the name of " + name + " does not say what it is",
				Hint: "give --format " + formats + "; unpack files that are not packed with gzip",
			}
		}
	}
	f, err := disk.OS{}.Open(i.path(name))
	if err != nil {
		return "", nil, nil, &app.Error{Code: app.ExitInvalid, Message: "open the events", Err: err}
	}
	closeFile = func() { f.Close() }
	in = f
	if packed {
		if in, err = gzip.NewReader(f); err != nil {
			closeFile()
			return "", nil, nil, readError(name, err)
		}
	}
	return format, in, closeFile, nil
}

// How long a part is tried to be sent, while the server is overloaded or its answer was lost.
const (
	pushPatience = 30 * time.Second
	pushPause    = 100 * time.Millisecond
)

// push sends a part and counts its answer. It is sent again under the same idempotency key if the
// server had no room or the answer was lost, so that no event counts twice.
func (i *ingestion) push(ctx context.Context, format string, part sent) (*wire.EventsAnswer, error) {
	events := client.Events{
		Source: i.result.Source, ContentType: contentTypes[format], Body: part.body,
		IdempotencyKey: i.key + "-" + strconv.FormatInt(i.sent, 10),
	}
	patience, cancel := context.WithTimeout(ctx, pushPatience)
	defer cancel()
	for {
		answer, err := i.connection.client.Push(ctx, events)
		if err == nil {
			i.sent += int64(len(part.body)) + 1
			i.report("sending events", i.sent, -1)
			i.result.add(part, answer)
			return answer, nil
		}
		if !passing(err) {
			return nil, err
		}
		select {
		case <-time.After(pushPause):
		case <-patience.Done():
			return nil, err
		}
	}
}

// passing reports whether what failed may succeed in a moment.
func passing(err error) bool {
	var answered *client.Error
	if errors.As(err, &answered) {
		return answered.Wire.Code == wire.Overloaded
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// appliedPatience is how long events may take until they can be asked for.
const appliedPatience = 30 * time.Second

// awaitApplied waits until events can be asked for, so that a command after this one sees them.
func (c *connection) awaitApplied(ctx context.Context, r *ingested) error {
	if r.Accepted == 0 {
		return nil
	}
	_, wanted, err := wire.ParsePosition(r.Position)
	if err != nil {
		return unreadable(err)
	}
	patience, cancel := context.WithTimeout(ctx, appliedPatience)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		status, err := c.client.Status(patience)
		if err != nil {
			return err
		}
		if _, applied, err := wire.ParsePosition(status.Log.Applied); err == nil && applied >= wanted {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-patience.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &app.Error{
				Code:    app.ExitUnavailable,
				Message: fmt.Sprintf("the events are safe, but cannot be asked for after %s", appliedPatience),
				Hint:    "fettle status tells how far they are",
			}
		}
	}
}

// printIngest lists what is wrong, like lint, and then counts.
func (s *session) printIngest(r *ingested) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, r)
		return
	}
	var b bytes.Buffer
	for n, q := range r.Quarantined {
		if n == mostShown {
			fmt.Fprintf(&b, "and more; fettle quarantine show %s lists them\n", r.Source)
			break
		}
		fmt.Fprintln(&b, app.Problem{
			File: q.File, Line: int(q.Line), Row: q.Row, Field: q.Field, Code: q.Code, Message: q.Message,
		})
	}
	fmt.Fprintf(&b, "%s: %d accepted, %s, %d quarantined\n", r.Source, r.Accepted,
		plural(r.Duplicates, "duplicate"), r.QuarantinedRows)
	if r.Position != "" {
		fmt.Fprintf(&b, "position %s\n", r.Position)
	}
	fmt.Fprint(s.streams.Out, b.String())
}
