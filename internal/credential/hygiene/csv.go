package hygiene

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
)

// WriteCSV writes findings as CSV (RFC 4180) under a head.
func WriteCSV(w io.Writer, findings []Finding) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write([]string{"problem", "application", "client_id", "credential_id", "kind", "since", "detail"}); err != nil {
		return err
	}
	for _, f := range findings {
		id := ""
		if f.Credential != uuid.Nil {
			id = f.Credential.String()
		}
		row := []string{string(f.Problem), f.ApplicationName, f.Application.String(), id, string(f.Kind), f.Since.Format(time.RFC3339), f.Detail}
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// harmless returns a cell that no spreadsheet runs. Names are chosen by whoever may make applications, and read by
// somebody who opens the file: a cell that begins like a formula is one, =HYPERLINK sends its neighbours away. A leading
// space or other blank does not stop every spreadsheet, so what follows blanks is looked at, too.
func harmless(cell string) string {
	begins := strings.TrimLeft(cell, " \u00a0\u3000")
	if begins != "" && strings.ContainsAny(begins[:1], "=+-@\t\r\n") || strings.HasPrefix(begins, "＝") ||
		strings.HasPrefix(begins, "＋") || strings.HasPrefix(begins, "－") || strings.HasPrefix(begins, "＠") {
		return "'" + cell
	}
	return cell
}
