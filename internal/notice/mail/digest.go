package mail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice"
)

const (
	// maxLines is how many credentials a mail names, and maxItems how many events are read for that.
	maxLines = 200
	maxItems = 5000
	maxName  = 100
)

// compose makes the text of a mail from the ledger.
func compose(tx *db.Tx, m *Mail) (Message, error) {
	env, err := environment.Load(tx, m.environment)
	if err != nil {
		return Message{}, err
	}
	numbers, err := db.All(tx, func(scan db.Scan) (n int64, err error) { return n, scan(&n) },
		selectItems, m.environment.String(), m.after, m.LastEvent, maxItems)
	if err != nil {
		return Message{}, err
	}
	// A credential that has come nearer to its end since the last mail is named once.
	latest, hash := map[string]notice.Expiring{}, ledger.Hash{}
	for _, number := range numbers {
		events, err := ledger.Events(tx, m.environment, ledger.Filter{After: number - 1, Limit: 1})
		if err != nil {
			return Message{}, err
		}
		if len(events) == 1 && events[0].Number == number {
			latest[events[0].Subject.ID], hash = expiring(&events[0]), events[0].Hash
		}
	}
	var all []notice.Expiring
	for _, x := range latest {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b notice.Expiring) int {
		return cmp.Or(a.HorizonDays-b.HorizonDays, a.ExpiresAt.Compare(b.ExpiresAt), strings.Compare(a.ApplicationName, b.ApplicationName),
			strings.Compare(a.Hint, b.Hint))
	})
	name := notice.Clean(env.Name, maxName)
	return Message{
		Environment: m.environment, ID: messageID(m, hash), To: m.Address, Subject: subject(all, name), Body: body(all, name), Date: m.QueuedAt,
	}, nil
}

// messageID is the same for every attempt to send a mail. It hangs on the last event's hash, which after a restore no
// other event has.
func messageID(m *Mail, last ledger.Hash) string {
	h := sha256.New()
	h.Write([]byte("counterfoil mail 1"))
	h.Write(m.environment[:])
	h.Write(last[:])
	h.Write([]byte(m.Address))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func subject(all []notice.Expiring, environment string) string {
	what := fmt.Sprintf("%d credentials expire", len(all))
	if len(all) == 1 {
		what = "A credential expires"
	}
	when := "soon"
	if len(all) > 0 {
		when = strings.ToLower(heading(all[0].HorizonDays))
	}
	return notice.Clean(fmt.Sprintf("[Counterfoil] %s: %s (%s)", what, when, environment), maxSubject)
}

// heading names the nearest horizon in words that stay true while a mail waits in a queue.
func heading(days int) string {
	switch {
	case days <= 0:
		return "Now or today"
	case days == 1:
		return "Within a day"
	default:
		return fmt.Sprintf("Within %d days", days)
	}
}

func body(all []notice.Expiring, environment string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Credentials of the environment %s expire. Whoever uses one is refused from then on;\n", environment)
	b.WriteString("rotate it before, so that old and new overlap.\n")
	for i, x := range all {
		if i == maxLines {
			fmt.Fprintf(&b, "\nand %d more.\n", len(all)-maxLines)
			break
		}
		if i == 0 || all[i-1].HorizonDays != x.HorizonDays {
			fmt.Fprintf(&b, "\n%s\n", heading(x.HorizonDays))
		}
		b.WriteString(line(&x))
	}
	b.WriteString("\nYou get this mail because the environment names your address for notices. Do not reply: nobody reads it.\n")
	return b.String()
}

// line says one credential in one line, whatever somebody called it.
func line(x *notice.Expiring) string {
	parts := []string{notice.Clean(cmp.Or(x.ApplicationName, x.Application, "(erased)"), maxName) + ": " + notice.Clean(cmp.Or(x.Kind, "credential"), maxName)}
	if x.Hint != "" {
		parts = append(parts, notice.Clean(x.Hint, maxName))
	}
	if x.Description != "" {
		parts = append(parts, `"`+notice.Clean(x.Description, maxName)+`"`)
	}
	if !x.ExpiresAt.IsZero() {
		parts = append(parts, "expires "+x.ExpiresAt.UTC().Format(time.DateOnly+" 15:04")+" UTC")
	}
	if x.Application != "" {
		parts = append(parts, "client "+notice.Clean(x.Application, maxName))
	}
	return "  - " + strings.Join(parts, ", ") + "\n"
}
