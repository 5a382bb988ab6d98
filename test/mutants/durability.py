"""The mutants of the road of an event: one fault each, of the kinds that lose or repeat events, or
that make an answer rest on what a crash may take back. Tests catch them, not the oracle."""

from __future__ import annotations

from table import Mutant

WRITER = "internal/log/writer.go"
PUSH = "internal/ingest/push.go"
APPLY = "internal/ingest/apply.go"

CRASHES = ("./internal/app", "^TestCrashes$")
VERIFY = ("./internal/app", "^(TestReplay|TestServedIsVerified)$")
LOG = ("./internal/log", ".")

MUTANTS = [
    Mutant(
        "log-not-synced", "an append is acknowledged when it is written", WRITER,
        "\tif err := w.file.Sync(); err != nil {\n"
        '\t\treturn w.fail(fmt.Errorf("sync log segment %s: %w", w.segment.name, err))\n'
        "\t}\n\tw.publish(records)\n",
        "\tw.publish(records)\n", tests=CRASHES,
        says="seed .*(acknowledged by|is gone|log ends at)",
    ),
    Mutant(
        "acknowledged-too-early", "an append is acknowledged before it is written", WRITER,
        "\tif err == nil {\n\t\terr = w.write()\n\t}\n"
        "\tfor _, r := range w.batch {\n\t\tif err != nil {\n\t\t\tr.finish(Position{}, err)\n"
        "\t\t\tcontinue\n\t\t}\n\t\tbefore.Sequence += uint64(r.records)\n"
        "\t\tr.finish(Position{Epoch: before.Epoch, Sequence: before.Sequence - 1}, nil)\n\t}\n",
        "\tfor _, r := range w.batch {\n\t\tif err != nil {\n\t\t\tr.finish(Position{}, err)\n"
        "\t\t\tcontinue\n\t\t}\n\t\tbefore.Sequence += uint64(r.records)\n"
        "\t\tr.finish(Position{Epoch: before.Epoch, Sequence: before.Sequence - 1}, nil)\n\t}\n"
        "\tif err == nil {\n\t\t_ = w.write()\n\t}\n",
        tests=CRASHES, says="seed .*acknowledged by",
    ),
    Mutant(
        "position-apart", "the position is durable before the rows it stands for",
        "internal/state/apply.go",
        "\tb.finish()\n\tif err := s.db.Apply(ctx, &b.changes); err != nil {\n",
        "\tb.finish()\n\tahead := &store.Changes{}\n"
        "\tahead.Set(metaKey(metaPosition), to.append(nil))\n"
        "\tif err := errors.Join(s.db.Apply(ctx, ahead), s.db.Flush(ctx)); err != nil {\n"
        "\t\treturn err\n\t}\n"
        "\tif err := s.db.Apply(ctx, &b.changes); err != nil {\n",
        tests=CRASHES, says="seed .*(counters are|want)",
    ),
    Mutant(
        "checksum-ignored", "a record of the log is not compared with its checksum",
        "internal/log/format.go",
        "if binary.LittleEndian.Uint32(b) != checksum(h.salt, b[4:]) {",
        "if len(b) == 0 {", tests=CRASHES, says="seed ",
    ),
    Mutant(
        "ids-ignored", "a second event of an id counts", "internal/ingest/draft.go",
        "\t\tcase !same.Known:\n", "\t\tcase !same.Known || same.EventTime == at:\n",
        tests=CRASHES, says="seed .*(rows are new|is there twice)",
    ),
    Mutant(
        "flying-ids-ignored", "ids of appends that are under way are not known", PUSH,
        "\t\tif !ok || found.of.receivedAt < stamp-d.source.Plan.Dedup {\n",
        "\t\tif ok || found.of == nil {\n", tests=CRASHES, says="seed .*is there twice",
    ),
    Mutant(
        "published-before-mark", "reads see a batch before its time is durable", APPLY,
        "\tif err := g.mark(Mark{Through: last.Sequence, VisibleAt: at}); err != nil {\n"
        "\t\treturn err // reads stay below the batch: its time is not durable\n\t}\n"
        "\tg.publish(last)\n",
        "\tg.publish(last)\n"
        "\tif err := g.mark(Mark{Through: last.Sequence, VisibleAt: at}); err != nil {\n"
        "\t\treturn err\n\t}\n",
        tests=CRASHES, says="seed .*was served at",
    ),
    Mutant(
        "visible-in-the-past", "a batch becomes visible at a time that was read at",
        "internal/clock/timeline.go",
        "at = max(t.wall.Now(), t.written, t.read+1, t.begun+1)",
        "at = max(t.wall.Now(), t.written, t.begun+1)", tests=CRASHES, says="seed .*was served at",
    ),
    Mutant(
        "key-ignored", "a request with a known Idempotency-Key is taken again",
        "internal/ingest/keys.go",
        'if key.key == "" || found == nil || found.receivedAt < now-k.age {',
        'if key.key != "" || found == nil {', tests=CRASHES, says="seed .*was answered by",
    ),
    Mutant(
        "torn-append-kept", "the first records of an append that is not whole count",
        "internal/log/scan.go",
        "if f.groupEnd || s.sealed {", "if f.groupEnd || s.next > 0 {", tests=LOG,
        says="_test.go",
    ),
    Mutant(
        "torn-tail-kept", "what a crash left behind the last record is not cut off",
        "internal/log/log.go",
        "err = fsys.Truncate(path(c.name), c.size)", "_ = c.size", tests=CRASHES, says="seed ",
    ),
    Mutant(
        "part-not-synced", "the history names a part before its rows are durable",
        "internal/store/history/append.go",
        "func (h *History) write(source string, e *entry, part *Part) error {\n"
        "\treturn disk.WriteFile(",
        "func unsynced(files disk.FS, name string, write func(io.Writer) error) error {\n"
        "\tfile, err := files.Create(name)\n\tif err != nil {\n\t\treturn err\n\t}\n"
        "\tdefer file.Close()\n\treturn write(file)\n}\n\n"
        "func (h *History) write(source string, e *entry, part *Part) error {\n"
        "\treturn unsynced(",
        tests=CRASHES, says="seed .*(history|part)",
    ),
    Mutant(
        "bit-flipped-online", "an amount that arrives changes its sign in the online store",
        "internal/state/column.go",
        "c.Floats = append(c.Floats, from.Floats[row])",
        "c.Floats = append(c.Floats, -from.Floats[row])",
        tests=VERIFY, says="Mismatched:[1-9]",
    ),
    Mutant(
        "replayed-at-another-time", "a batch that is replayed becomes visible later than it was",
        "internal/ingest/recover.go",
        "if err := p.apply(ctx, n, m.VisibleAt); err != nil {",
        "if err := p.apply(ctx, n, m.VisibleAt+1); err != nil {",
        tests=CRASHES, says="seed ",
    ),
    Mutant(
        "log-cut-too-early", "the log is cut before state is durable", "internal/app/keeper.go",
        "\tif err := n.live.state.Flush(ctx); err != nil {\n\t\treturn err\n\t}\n", "",
        tests=CRASHES, says="seed ",
    ),
    Mutant(
        "time-not-reserved", "times are handed out that a restart may hand out again",
        "internal/clock/timeline.go",
        "if at <= t.reserved || t.reserve == nil {", "if at <= t.reserved || t.reserve != nil {",
        tests=CRASHES, says="seed ",
    ),
]
