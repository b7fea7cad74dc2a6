package people

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
	"github.com/counterfoil/counterfoil/internal/directory/intake"
)

// atOnce is how many batches are on their way at the same time: enough to keep a PostgreSQL server busy.
const atOnce = 4

// importRun is one run of the command.
type importRun struct {
	d              *desk.Desk
	c              *client.Client
	path, rejects  string
	format         string
	update, dryRun bool
	progress       *terminal.Progress
	seen           atomic.Int64
	lock           sync.Mutex // guards what follows
	trial          trialOutcome
	importID       string
	done           map[int64]bool
}

// trialOutcome adds up what a dry run says.
type trialOutcome struct {
	Created     int64                      `json:"created"`
	Changed     int64                      `json:"changed"`
	Unchanged   int64                      `json:"unchanged"`
	Rejected    int64                      `json:"rejected"`
	Rejects     []*client.RecordReject     `json:"rejects"`
	Differences []*client.RecordDifference `json:"differences"`
}

// mostDifferences is how many changed users a dry run describes.
const mostDifferences = 50

// importCommand is the group of things that come in from files.
func importCommand(d *desk.Desk) *cobra.Command {
	r := &importRun{d: d}
	users := d.Command("users FILE", "Import users from CSV, or from one SCIM user in JSON a line; goes on where it stopped", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			r.c, r.path = c, args[0]
			return r.run(ctx)
		}))
	users.Flags().BoolVar(&r.update, "update", false, "change users that exist to what the file says; without it their lines are rejected")
	users.Flags().BoolVar(&r.dryRun, "dry-run", false, "say what the file would do, and do nothing")
	users.Flags().StringVar(&r.rejects, "rejects", "", "where the lines that were not applied go, with the reasons (FILE.rejects.csv)")
	users.Flags().StringVar(&r.format, "format", "", "csv or ndjson; without it the file's first character decides")
	list := d.Command("list", "List the newest imports", cobra.NoArgs, desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
		all, err := c.UserImports(ctx)
		if err != nil {
			return err
		}
		return desk.List(d, all, []string{"FILE", "STATE", "CREATED", "CHANGED", "UNCHANGED", "REJECTED", "ID"}, func(i *client.UserImport) []string {
			return []string{i.Name, i.State, count(i.Created), count(i.Changed), count(i.Unchanged), count(i.Rejected), i.ID}
		})
	}))
	return desk.Group("import", "Bring many users in from a file", users, list)
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

func (r *importRun) run(ctx context.Context) error {
	source, format, err := r.look()
	if err != nil {
		return err
	}
	r.progress = r.d.Progress("%d records")
	defer r.progress.End()
	mode := "create"
	if r.update {
		mode = "update"
	}
	if !r.dryRun {
		begun, err := r.c.BeginUserImport(ctx, client.NewUserImport{Source: source, Name: filepath.Base(r.path), Mode: mode})
		if err != nil {
			return err
		}
		if err := r.findDone(ctx, begun.ID); err != nil {
			return err
		}
	}
	if err := r.send(ctx, format, mode); err != nil {
		if r.importID != "" {
			r.d.Say("The import is not finished; the same command goes on with it.")
		}
		return err
	}
	r.progress.End()
	if r.dryRun {
		return r.showTrial()
	}
	return r.finish(ctx)
}

// look reads the file once: for its SHA-256, and for what it is.
func (r *importRun) look() (source string, format intake.Format, err error) {
	switch format = intake.Format(r.format); format {
	case "", intake.CSV, intake.NDJSON:
	default:
		return "", "", desk.Usage("--format is csv or ndjson")
	}
	file, err := os.Open(r.path)
	if err != nil {
		return "", "", desk.Fail(desk.ExitUsage, "", "%v", err)
	}
	defer func() { _ = file.Close() }()
	beginning := make([]byte, 512)
	n, err := io.ReadFull(file, beginning)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", "", err
	}
	if format == "" {
		format = intake.Detect(beginning[:n])
	}
	sum := sha256.New()
	_, _ = sum.Write(beginning[:n])
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), format, err
}

// findDone learns which batches were applied by earlier runs.
func (r *importRun) findDone(ctx context.Context, id string) error {
	r.importID, r.done = id, map[int64]bool{}
	for after := int64(0); ; {
		i, err := r.c.UserImport(ctx, id, after)
		if err != nil {
			return err
		}
		for _, n := range i.Batches {
			r.done[n], after = true, n
		}
		if len(i.Batches) == 0 {
			break
		}
	}
	if len(r.done) > 0 {
		r.d.Say("Going on with import %s: %d batches of %d records are in already.", id, len(r.done), intake.BatchSize)
	}
	return nil
}

// send reads the file and sends what is not done.
func (r *importRun) send(ctx context.Context, format intake.Format, mode string) error {
	file, err := os.Open(r.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	together, ctx := errgroup.WithContext(ctx)
	together.SetLimit(atOnce)
	var batch []client.UserRecord
	sequence := int64(0)
	dispatch := func() {
		sequence++
		n, records := sequence, batch
		batch = nil
		if r.done[n] {
			r.progress.At(r.seen.Add(int64(len(records))))
			return
		}
		together.Go(func() error { return r.apply(ctx, n, mode, records) })
	}
	for record, err := range intake.Read(file, format) {
		if err != nil {
			_ = together.Wait()
			return err
		}
		if ctx.Err() != nil {
			break
		}
		batch = append(batch, wire(&record))
		if len(batch) == intake.BatchSize {
			dispatch()
		}
	}
	if len(batch) > 0 && ctx.Err() == nil {
		dispatch()
	}
	return together.Wait()
}

func wire(record *intake.Record) client.UserRecord {
	w := client.UserRecord{Line: record.Line, Population: record.Population, Problem: record.Problem}
	if h := record.Hash; h != nil {
		w.Hash = &client.UserHash{Hash: h.Text, Format: h.Format, Salt: h.Salt}
	}
	if record.Problem == "" && json.Unmarshal(record.User, &w.User) != nil {
		w.User, w.Problem = nil, "this is no JSON object"
	}
	return w
}

// apply sends one batch. It is safe to send again: the server knows batches by their numbers.
func (r *importRun) apply(ctx context.Context, sequence int64, mode string, records []client.UserRecord) error {
	if !r.dryRun {
		_, err := r.c.ApplyUserBatch(ctx, r.importID, sequence, records)
		if err == nil {
			r.progressed(len(records))
		}
		return err
	}
	tried, err := r.c.TryUserBatch(ctx, mode, records)
	if err != nil {
		return err
	}
	r.progressed(len(records))
	r.lock.Lock()
	defer r.lock.Unlock()
	t := &r.trial
	t.Created, t.Changed = t.Created+tried.Created, t.Changed+tried.Changed
	t.Unchanged, t.Rejected = t.Unchanged+tried.Unchanged, t.Rejected+tried.Rejected
	t.Rejects = append(t.Rejects, tried.Rejects...)
	if room := mostDifferences - len(t.Differences); room > 0 {
		t.Differences = append(t.Differences, tried.Differences[:min(room, len(tried.Differences))]...)
	}
	return nil
}

func (r *importRun) progressed(records int) {
	n := r.seen.Add(int64(records))
	r.lock.Lock()
	defer r.lock.Unlock()
	r.progress.At(n)
}

func (r *importRun) finish(ctx context.Context) error {
	i, err := r.c.FinishUserImport(ctx, r.importID)
	if err != nil {
		return err
	}
	if err := r.d.Show(i, func(t *terminal.Table) {
		t.Field("Import", i.ID)
		t.Field("Created", count(i.Created))
		t.Field("Changed", count(i.Changed))
		t.Field("Unchanged", count(i.Unchanged))
		t.Field("Rejected", count(i.Rejected))
	}); err != nil || i.Rejected == 0 {
		return err
	}
	rejects, err := client.Collect(r.c.UserImportRejects(ctx, i.ID))
	if err != nil {
		return err
	}
	return r.writeRejects(rejects)
}

func (r *importRun) showTrial() error {
	t := &r.trial
	if err := r.d.Show(t, func(table *terminal.Table) {
		table.Field("Would create", count(t.Created))
		table.Field("Would change", count(t.Changed))
		table.Field("Unchanged", count(t.Unchanged))
		table.Field("Would reject", count(t.Rejected))
		for _, one := range t.Differences {
			table.Field("Line "+count(one.Line), one.UserName+": "+strings.Join(one.Attributes, ", "))
		}
	}); err != nil || t.Rejected == 0 {
		return err
	}
	return r.writeRejects(t.Rejects)
}

// writeRejects writes what was not applied to a file that only its owner reads, and fails: scripts must notice.
func (r *importRun) writeRejects(rejects []*client.RecordReject) error {
	path := r.rejects
	if path == "" {
		path = r.path + ".rejects.csv"
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := csv.NewWriter(file)
	_ = out.Write([]string{"line", "reason"})
	for _, one := range rejects {
		_ = out.Write([]string{count(one.Line), formula(one.Reason)})
	}
	out.Flush()
	if err := errors.Join(out.Error(), file.Close()); err != nil {
		return err
	}
	return desk.Fail(desk.ExitConflict, "mend these lines in a file of their own and import that", "lines not applied: %d; %s says why", len(rejects), path)
}

// formula keeps a spreadsheet from running a text that a file brought along.
func formula(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@") {
		return "'" + text
	}
	return text
}
