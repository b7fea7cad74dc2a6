package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
	"github.com/counterfoil/counterfoil/internal/credential/leak"
)

const long = `Scan looks for client secrets that Counterfoil generated. It asks no server and no network: a secret is known
by its prefix and its checksum, so hardly any finding is a false alarm. It never prints a secret, only its first
characters.

It sees plain text, base64 (also in Basic credentials and Kubernetes manifests), UTF-16, gzip and zip. It does not see
a secret that is split across lines, encrypted, packed otherwise, or was chosen by a person.

--history looks through every object of the git repositories at and below the paths, also those that no branch
reaches. Nothing that such a repository configures is run, so one from a stranger can be scanned.

The exit code is 0 only if nothing was found and everything could be read, and 1 if a secret was found or something
was left unread; --exclude leaves out what need not be read.`

// mostListed bounds what is kept to be sorted and printed.
const mostListed = 10_000

type flags struct {
	leak.Options
	json     bool
	sizeMost int64
}

// Command returns the command.
func Command(d *desk.Desk) *cobra.Command {
	var f flags
	c := d.Command("scan PATH...", "Find secrets that leaked into files and git histories, offline", cobra.MinimumNArgs(1), desk.TableOrJSON,
		func(ctx context.Context, args []string) error {
			if f.json {
				d.Output = desk.AsJSON
			}
			if f.sizeMost <= 0 || f.sizeMost > 1<<30 {
				return desk.Usage("--max-file-size is a number of MiB above 0")
			}
			f.Paths, f.MaxFileSize = args, f.sizeMost<<20
			return run(ctx, d, f.Options)
		})
	c.Long = long
	c.Example = "  counterfoil scan .\n  counterfoil scan --history --exclude testdata ~/src/billing\n  counterfoil scan -o json /etc /srv"
	c.ValidArgsFunction = nil // the shell completes names of files
	c.Flags().BoolVar(&f.History, "history", false, "also look through the whole history of the git repositories there")
	c.Flags().StringArrayVar(&f.Exclude, "exclude", nil, "leave out what matches this pattern, such as *.log, testdata or docs/*.md; may be repeated")
	c.Flags().Int64Var(&f.sizeMost, "max-file-size", leak.DefaultMaxFileSize>>20, "leave files that are larger than this many MiB unread")
	c.Flags().BoolVar(&f.json, "json", false, "the same as -o json")
	return c
}

func run(ctx context.Context, d *desk.Desk, o leak.Options) error {
	var found []leak.Finding
	progress := d.Progress("%d findings")
	summary, err := leak.Scan(ctx, o, func(f leak.Finding) error {
		if len(found) < mostListed {
			found = append(found, f)
		}
		progress.At(int64(len(found)))
		return nil
	})
	progress.End()
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b leak.Finding) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Object, b.Object))
	})
	if err := show(d, found, summary); err != nil {
		return err
	}
	return judge(d, found, summary)
}

// judge says on standard error what was left out, and makes the exit code.
func judge(d *desk.Desk, found []leak.Finding, summary leak.Summary) error {
	for _, u := range summary.Unread {
		d.Say("not read: %s: %s\n", u.Path, u.Reason)
	}
	if more := summary.UnreadTotal - len(summary.Unread); more > 0 {
		d.Say("not read: %d more\n", more)
	}
	if more := summary.Findings - len(found); more > 0 {
		d.Say("not listed: %d more findings\n", more)
	}
	if summary.Findings > 0 {
		secrets := map[string]bool{}
		for _, f := range found {
			secrets[f.Fingerprint] = true
		}
		return desk.Fail(desk.ExitFailure,
			"what leaked is known to others, also after it was deleted: look for its first characters in counterfoil app secret list APP, "+
				"then replace it with counterfoil app secret rotate APP ID",
			"%s found in %s", count(len(secrets), "secret"), count(summary.Findings, "place"))
	}
	if summary.UnreadTotal > 0 {
		return desk.Fail(desk.ExitFailure, "make it readable, or leave it out with --exclude",
			"nothing was found, but %s could not be read", count(summary.UnreadTotal, "thing"))
	}
	d.Say("nothing was found in %s\n", looked(summary))
	return nil
}

func looked(s leak.Summary) string {
	text := count(s.Files, "file")
	if s.Repositories > 0 {
		text += " and " + count(s.Objects, "object") + " of git"
	}
	return text
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// finding is a finding as -o json has it.
type finding struct {
	Path        string `json:"path"`
	Line        int64  `json:"line,omitempty"`
	Column      int64  `json:"column,omitempty"`
	Repository  string `json:"repository,omitempty"`
	Commit      string `json:"commit,omitempty"`
	Object      string `json:"object,omitempty"`
	Copies      int    `json:"copies,omitempty"`
	Encoded     bool   `json:"encoded"`
	Hint        string `json:"hint"`
	Fingerprint string `json:"fingerprint"`
	Redacted    string `json:"redacted,omitempty"`
}

type unread struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

type result struct {
	Items        []finding `json:"items"`
	Found        int       `json:"found"`
	Unread       []unread  `json:"unread"`
	UnreadTotal  int       `json:"unread_total"`
	Files        int       `json:"files"`
	Repositories int       `json:"repositories"`
	Objects      int       `json:"objects"`
	Bytes        int64     `json:"bytes"`
}

func show(d *desk.Desk, found []leak.Finding, s leak.Summary) error {
	view := result{
		Items: []finding{}, Found: s.Findings, Unread: []unread{}, UnreadTotal: s.UnreadTotal,
		Files: s.Files, Repositories: s.Repositories, Objects: s.Objects, Bytes: s.Bytes,
	}
	for _, f := range found {
		view.Items = append(view.Items, finding{
			f.Path, f.Line, f.Column, f.Repository, f.Commit, f.Object, f.Copies, f.Encoded, f.Hint, f.Fingerprint, f.Redacted,
		})
	}
	for _, u := range s.Unread {
		view.Unread = append(view.Unread, unread{u.Path, u.Reason})
	}
	if d.Output != desk.AsJSON && len(found) == 0 {
		return nil
	}
	return d.Show(view, func(t *terminal.Table) {
		t.Row("WHERE", "COMMIT", "SECRET", "LINE")
		for _, f := range found {
			t.Row(where(f, s.Repositories > 1), short(f.Commit), f.Hint+"…", f.Redacted)
		}
	})
}

// where names a place as editors and compilers do: path:line. In a history there may be no path, and with many
// repositories the path alone does not say where.
func where(f leak.Finding, many bool) string {
	place := f.Path
	switch {
	case f.Path == "" && f.Commit == f.Object:
		place = "message of a commit"
	case f.Path == "":
		place = "git object " + short(f.Object)
	case f.Line > 0:
		place = fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	if many && f.Repository != "" {
		place = strings.TrimSuffix(f.Repository, "/.git") + ": " + place
	}
	return place
}

func short(id string) string { return id[:min(len(id), 12)] }
