package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
)

// sender is how webhooks leave. Its way out is not the one that the token path fetches keys through: receivers that hang
// must not use up its connections.
type sender struct{ out *egress.Client }

// maxExcerpt is how much of a receiver's answer is read, in bytes.
const maxExcerpt = 4 << 10

// Post implements [webhook.Sender].
func (s sender) Post(ctx context.Context, address string, header map[string]string, body []byte) (int, []byte, error) {
	answer, err := s.out.Do(ctx, egress.Request{
		Method: http.MethodPost, URL: address, Header: header, Body: body, MaxBody: maxExcerpt, Excerpt: true,
	})
	if err != nil {
		return 0, nil, err
	}
	return answer.Status, answer.Body, nil
}

// CheckURL implements [webhook.Sender].
func (s sender) CheckURL(ctx context.Context, address string) error { return s.out.Check(ctx, address) }

// openNotices puts together what tells others: webhooks, and mail if there is a way to send it.
func (h *House) openNotices() error {
	var own []string
	if h.config.Dev {
		own = []string{"127.0.0.0/8", "::1/128"} // dev serves this machine only, and receivers to try out are on it
	}
	out, err := h.config.WayOut(own...)
	if err != nil {
		return err
	}
	h.webhooks = webhook.New(webhook.Options{
		DB: h.db, Vault: h.vault, Sender: sender{out}, Node: h.register.Node().String(), Plain: h.config.Dev, Log: h.log,
	})
	h.mail = &mail.Office{DB: h.db, Node: h.register.Node().String(), Log: h.log}
	switch {
	case h.config.SMTPURL != "":
		h.mail.Carrier, err = mail.NewSMTP(h.config.Mail())
	case h.config.Dev:
		h.mailbox = &mail.Mailbox{DB: h.db}
		h.mail.Carrier = h.mailbox
	}
	h.letters = &letter.Office{DB: h.db, Vault: h.vault, Carrier: h.mail.Carrier, Log: h.log}
	return err
}

// noticeJobs are the chores of notices.
func (h *House) noticeJobs() []job {
	jobs := []job{
		{"announce-expiry", 10 * time.Minute, true, func(ctx context.Context) error { return credential.AnnounceExpiry(ctx, h.db) }},
		{"forget-deliveries", time.Hour, true, h.webhooks.Forget},
		{"forget-letters", time.Hour, true, h.letters.Forget},
		{"notice-figures", 10 * time.Second, false, h.readFigures},
	}
	if h.mail.Carrier != nil {
		jobs = append(jobs,
			job{"mail", 20 * time.Second, false, h.mail.MailDue}, // it takes a lease itself, and only when there is something to do
			job{"forget-mails", time.Hour, true, h.mail.Forget})
	}
	return jobs
}

// figures are what the metrics say of notices and of what they are about, read by a chore: a scrape must not cost the
// database anything.
type figures struct {
	webhooks webhook.Backlog
	mail     mail.Backlog
	letters  mail.Backlog
	expiring [len(credential.Horizons)]int
}

func (h *House) readFigures(ctx context.Context) (err error) {
	f := &figures{}
	if f.webhooks, err = h.webhooks.Backlog(ctx); err != nil {
		return err
	}
	if f.mail, err = h.mail.Backlog(ctx); err != nil {
		return err
	}
	if f.letters, err = h.letters.Backlog(ctx); err != nil {
		return err
	}
	err = h.db.Read(ctx, func(tx *db.Tx) error {
		f.expiring, err = credential.Expiring(tx)
		return err
	})
	if err == nil {
		h.figures.Store(f)
	}
	return err
}

// measureNotices adds the metrics of notices. They are up to ten seconds old.
func (h *House) measureNotices() {
	h.figures.CompareAndSwap(nil, &figures{})
	gauge := func(name, help string, read func(*figures) float64) {
		h.metrics.Gauge(name, help, func() float64 { return read(h.figures.Load()) })
	}
	gauge("webhook_deliveries_pending", "Messages to webhooks that have not arrived.", func(f *figures) float64 { return float64(f.webhooks.Pending) })
	gauge("webhook_deliveries_dead", "Messages to webhooks that were given up.", func(f *figures) float64 { return float64(f.webhooks.Dead) })
	gauge("webhook_oldest_seconds", "Age of the oldest message to a webhook that has not arrived.", func(f *figures) float64 { return f.webhooks.Oldest.Seconds() })
	gauge("webhook_events_behind", "Ledger events that the webhook farthest behind has yet to look at.", func(f *figures) float64 { return float64(f.webhooks.Behind) })
	gauge("mails_pending", "Mails that have not been sent.", func(f *figures) float64 { return float64(f.mail.Pending) })
	gauge("mails_dead", "Mails that were given up.", func(f *figures) float64 { return float64(f.mail.Dead) })
	gauge("mails_oldest_seconds", "Age of the oldest mail that has not been sent.", func(f *figures) float64 { return f.mail.Oldest.Seconds() })
	gauge("letters_pending", "Letters to single people that have not been sent.", func(f *figures) float64 { return float64(f.letters.Pending) })
	gauge("letters_dead", "Letters to single people that were given up in the last 30 days.", func(f *figures) float64 { return float64(f.letters.Dead) })
	gauge("letters_oldest_seconds", "Age of the oldest letter that has not been sent.", func(f *figures) float64 { return f.letters.Oldest.Seconds() })
	for i, days := range credential.Horizons {
		h.metrics.Registry().MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "counterfoil", Name: "credentials_expiring",
			Help:        "Credentials that expire within so many days; horizon 0: that expired in the last day.",
			ConstLabels: prometheus.Labels{"horizon": strconv.Itoa(days)},
		}, func() float64 { return float64(h.figures.Load().expiring[i]) }))
	}
}

// Notice does at once what the chores of notices do in time: it announces what expires, sends what is due and reads the
// figures anew. For tests, and for whoever cannot wait.
func (h *House) Notice(ctx context.Context) error {
	ctx = db.Chore(ctx)
	if err := credential.AnnounceExpiry(ctx, h.db); err != nil {
		return err
	}
	if h.mail.Carrier != nil {
		if err := h.mail.MailDue(ctx); err != nil {
			return err
		}
	}
	h.recovery.Work(ctx)
	if err := h.letters.SendDue(ctx); err != nil {
		return err
	}
	return h.readFigures(ctx)
}
