package passwords

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// built is what is told of a list that was made.
type built struct {
	File           string  `json:"file"`
	Entries        uint64  `json:"entries"`
	Left           uint64  `json:"left_out"`
	Bytes          int64   `json:"bytes"`
	FalsePositives float64 `json:"false_positives"`
}

func (d verbs) filterBuildCommand() *cobra.Command {
	var wrong float64
	var count uint64
	cmd := d.Command("build FILE OUT", "Make a list of breached passwords that a server can ask", cobra.ExactArgs(2), desk.TableOrJSON,
		func(_ context.Context, args []string) error {
			made, err := d.build(args[0], args[1], wrong, count)
			if err != nil {
				return err
			}
			return d.Show(made, func(t *terminal.Table) {
				t.Field("File", made.File)
				t.Field("Passwords", fmt.Sprint(made.Entries))
				t.Field("Left out", fmt.Sprint(made.Left))
				t.Field("Bytes", fmt.Sprint(made.Bytes))
				t.Field("False positives", fmt.Sprint(made.FalsePositives))
			})
		})
	cmd.Long = `Make a list of breached passwords that a server can ask without a network: a Bloom filter.

FILE has one password on each line, as it is or as the 40 hexadecimal digits of its
SHA-1, perhaps with a colon and a count behind. "-" is standard input; then --count
has to say how many lines there are, roughly. A file is read twice. No memory to
speak of is needed. Lists that are sorted by their hashes are the fastest.

The setting breached_passwords_file names OUT to the server. It never says of a
password in the list that it is not; of others it wrongly says so as seldom as
--false-positives asks: 0.001 takes 2 bytes for each password, 0.01 less than 1.4.`
	cmd.Example = "  counterfoil passwords filter build pwned-passwords-sha1-ordered-by-hash.txt breached.filter"
	cmd.ValidArgsFunction = nil // files
	cmd.Flags().Float64Var(&wrong, "false-positives", 0.001, "which part of other passwords is taken for breached ones: 0.00001 to 0.05")
	cmd.Flags().Uint64Var(&count, "count", 0, "how many lines there are, if FILE is -")
	return cmd
}

func (d verbs) build(from, to string, wrong float64, count uint64) (*built, error) {
	list := d.In
	if from != "-" {
		file, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		if count == 0 {
			if count, err = breach.Lines(file); err != nil {
				return nil, err
			}
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
		}
		list = file
	}
	if count == 0 {
		return nil, desk.Usage("say with --count how many lines standard input has, at least roughly")
	}
	progress := d.Progress("%d passwords")
	defer progress.End()
	r, err := breach.Build(list, to, breach.Options{
		FalsePositives: wrong, Count: count, Spell: spell, Progress: func(lines uint64) { progress.At(int64(lines)) },
	})
	if err != nil {
		return nil, err
	}
	return &built{to, r.Entries, r.Left, r.Bytes, wrong}, nil
}

// spell brings a line into the form in which the server will ask for it.
func spell(line []byte) ([]byte, bool) {
	normal, err := password.Normal(seal.NewSecret(string(line)))
	return []byte(normal.Reveal()), err == nil
}
