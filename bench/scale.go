package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
)

// The bars on size: the issue allows 15 % between a thousand and a million clients, 250 MB for a hundred thousand,
// and a second from exec to their first token.
const (
	many, most = 100_000, 1_000_000

	scaleBar    = 0.85  // of the rate with a thousand
	residentBar = 250.0 // megabytes
	startBar    = 1.0   // seconds, median
	starts      = 5

	nameScale    = "scale, 1,000,000 clients"
	nameResident = "resident, 100,000 clients"
	nameThousand = "token handle, 1,000 clients"
	nameHundred  = "token handle, 100,000 clients"
	nameMillion  = "token handle, 1,000,000 clients"
	nameStart    = "start to first token, 100,000 clients"
)

// scale measures what grows with the number of clients.
func (b *bench) scale(ctx context.Context) error {
	if b.house == nil {
		return nil
	}
	b.house.stop()
	if err := b.prove(ctx); err != nil {
		return err
	}
	if b.only.MatchString(nameResident) || b.only.MatchString(nameStart) {
		if err := b.resident(ctx); err != nil {
			return err
		}
	}
	if b.only.MatchString(nameScale) {
		return b.million(ctx)
	}
	return nil
}

// prove shows that the bars were reached under the conditions promised: with a request log, and with usage counted.
// (Metrics are on when they could be read, and the gate cannot be turned off.)
func (b *bench) prove(ctx context.Context) error {
	issued, logged := b.report.traffic()
	if issued == 0 {
		return nil
	}
	b.report.prove("request log", logged > 0, "at least %.2f records per request in every cell", logged)
	d, err := db.Open(ctx, db.Options{DSN: filepath.Join(b.house.data, "counterfoil.db")})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	var uses int64
	err = d.Read(ctx, func(tx *db.Tx) error {
		uses, err = db.Value[int64](tx, `
SELECT coalesce(sum(hour.value), 0) FROM credential_usage, json_each(credential_usage.hours) AS hour`)
		return err
	})
	b.report.prove("usage counting", uses >= int64(issued), "%d uses written down, %d tokens issued in measured cells", uses, issued)
	return err
}

// seeded copies the thousand clients' data and adds rows until there are n.
func (b *bench) seeded(ctx context.Context, n int) (string, error) {
	data := filepath.Join(b.work, "data-"+strconv.Itoa(n))
	if err := copyData(ctx, b.pristine(), data); err != nil {
		return "", err
	}
	b.say("writing %d clients into a stopped server's database", n)
	seed := exec.CommandContext(ctx, "go", "run", "./bench/seed",
		"-database", filepath.Join(data, "counterfoil.db"), "-like", b.people.first, "-applications", strconv.Itoa(n-clientCount))
	if output, err := seed.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bench/seed: %w: %s", err, output)
	}
	return data, nil
}

// million compares the token row with a thousand and with a million clients, in turns. The load is the same: the
// thousand clients that exist in both. Handles, because a signature would hide what a look-up costs.
func (b *bench) million(ctx context.Context) error {
	data, err := b.seeded(ctx, most)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	large, err := b.startHouse(ctx, "counterfoil 1000000", data)
	if err != nil {
		return err
	}
	defer large.stop()
	small, err := b.startHouse(ctx, "counterfoil 1000", b.pristine())
	if err != nil {
		return err
	}
	defer small.stop()
	rows := []row{{name: nameThousand}, {name: nameMillion, against: nameThousand}}
	for i, h := range []*house{small, large} {
		l := b.tokenLoad(h, b.people, "handle")
		rows[i].load = func(context.Context, int) (load, error) { return l, nil }
	}
	for n := range b.rounds {
		b.say("round %d of %d, a thousand and a million clients", n+1, b.rounds)
		err := b.round(ctx, rows, barLevel, b.seconds, func(measured cell) {
			measured.Round = n + 1
			b.report.Cells = append(b.report.Cells, measured)
		})
		if err != nil {
			return err
		}
	}
	reached, invalid := b.report.ratio(nameMillion, nameThousand, barLevel)
	b.report.bar(bar{Name: nameScale, Against: nameThousand, Bar: scaleBar, Aim: 1, Reached: reached, Invalid: invalid})
	return nil
}

// resident measures a server with a hundred thousand clients: how soon it answers, and how large it is under load.
func (b *bench) resident(ctx context.Context) error {
	data, err := b.seeded(ctx, many)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	var took []float64
	for n := range starts {
		b.say("start %d of %d with %d clients", n+1, starts, many)
		h, first, err := b.firstToken(ctx, data)
		if err != nil {
			return err
		}
		took = append(took, first.Seconds())
		if n < starts-1 {
			h.stop()
			continue
		}
		defer h.stop()
		if err := h.await(ctx, "/readyz", patience); err != nil {
			return err
		}
		measured, err := b.run(ctx, b.tokenLoad(h, b.people, "handle"), barLevel, b.seconds)
		if err != nil {
			return err
		}
		measured.Row, measured.Round = nameHundred, 1
		b.report.Cells = append(b.report.Cells, measured)
		b.report.bar(bar{
			Name: nameResident, Unit: "MB", AtMost: true, Bar: residentBar, Aim: residentBar, Reached: measured.RSS, Invalid: measured.Invalid,
		})
	}
	b.report.bar(bar{Name: nameStart, Unit: "s", AtMost: true, Bar: startBar, Aim: startBar, Reached: median(took)})
	return nil
}

// firstToken starts a server and returns how long it took from exec to the first token.
func (b *bench) firstToken(ctx context.Context, data string) (*house, time.Duration, error) {
	began := time.Now()
	h, err := b.launchHouse("counterfoil 100000", data)
	if err != nil {
		return nil, 0, err
	}
	ask := request{authorization: b.people.clients[0], body: tokenForm("handle:use")}
	for time.Since(began) < patience && ctx.Err() == nil {
		if _, err = h.token(ctx, ask); err == nil {
			return h, time.Since(began), nil
		}
		time.Sleep(time.Millisecond)
	}
	h.stop()
	return nil, 0, errors.Join(fmt.Errorf("no token within %v: %s", patience, h.lastWords()), err)
}
