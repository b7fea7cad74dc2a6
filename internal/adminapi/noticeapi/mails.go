package noticeapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/web"
)

// NoticeAddresses are where mail about credentials that expire goes.
type NoticeAddresses struct {
	Addresses []string `json:"addresses" nullable:"false" doc:"Such as ops@example.com, without names; at most 20. Sorted and each once in answers."`
	Carrier   string   `json:"carrier,omitempty" enum:"smtp,mailbox,none" readOnly:"true" doc:"What takes mails: a mail server, a mailbox to try things out, or nothing, so that no mail is sent."`
}

// AddressList is the body that replaces the addresses.
type AddressList struct {
	Addresses []string `json:"addresses" maxItems:"100" doc:"All of them; empty: nobody gets mail."`
}

// Mail is a [mail.Mail] on the wire.
type Mail struct {
	Address   string    `json:"address"`
	State     string    `json:"state" enum:"pending,sent,dead" doc:"sent: the mail server took it; dead: given up."`
	Attempts  int       `json:"attempts"`
	QueuedAt  time.Time `json:"queued_at"`
	NextAt    time.Time `json:"next_at,omitzero" doc:"When a pending one is tried next."`
	LastEvent int64     `json:"last_event" doc:"The number of the last ledger event that it tells."`
	Problem   string    `json:"problem,omitempty" doc:"Of the last attempt."`
}

// Kept is a mail in the mailbox of a server that is tried out.
type Kept struct {
	Number  int64     `json:"number"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Date    time.Time `json:"date"`
	Body    string    `json:"body,omitempty" doc:"Only of a single mail."`
}

// Retried says how many mails were put back into the queue.
type Retried struct {
	Retried int64 `json:"retried"`
}

func (r *Resources) mailOperations(api huma.API) {
	huma.Register(api, rest.Operation("GET /notice-addresses", "get-notice-addresses", "Show where mail about credentials that expire goes"), r.getAddresses)
	huma.Register(api, rest.Operation("PUT /notice-addresses", "set-notice-addresses", "Replace the addresses that mail goes to"), r.setAddresses)
	huma.Register(api, rest.Operation("GET /mails", "list-mails", "List the newest 200 mails and what became of them"), r.listMails)
	huma.Register(api, rest.Operation("POST /mails/retry", "retry-mails", "Send mails that were given up again"), r.retryMails)
	huma.Register(api, rest.Operation("GET /mailbox", "list-mailbox", "List the last 200 mails that a server for trying out kept, newest first"), r.listMailbox)
	huma.Register(api, rest.Operation("GET /mailbox/{mail}", "get-mailbox-mail", "Read a mail that a server for trying out kept"), r.readMail)
}

func (r *Resources) carrier() string {
	switch {
	case r.Mailbox != nil:
		return "mailbox"
	case r.Mail.Carrier != nil:
		return "smtp"
	}
	return "none"
}

type addressed struct {
	rest.Propagation
	Body NoticeAddresses
}

func (r *Resources) getAddresses(ctx context.Context, _ *struct{}) (*struct{ Body NoticeAddresses }, error) {
	out := &struct{ Body NoticeAddresses }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := mail.Addresses(tx, &c.Actor)
		out.Body = NoticeAddresses{append([]string{}, all...), r.carrier()}
		return err
	})
	return out, err
}

func (r *Resources) setAddresses(ctx context.Context, in *struct{ Body AddressList }) (*addressed, error) {
	out := &addressed{}
	var err error
	out.Propagated, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		kept, err := mail.SetAddresses(tx, &c.Actor, in.Body.Addresses)
		out.Body = NoticeAddresses{append([]string{}, kept...), r.carrier()}
		return err
	})
	return out, err
}

func (r *Resources) listMails(ctx context.Context, in *struct {
	State string `query:"state" enum:"pending,sent,dead" doc:"Only those in this state."`
}) (*rest.Listed[Mail], error) {
	out := &rest.Listed[Mail]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := mail.Mails(tx, &c.Actor, mail.State(in.State))
		out.Body = web.Cut(all, len(all), showMail, nil)
		return err
	})
	return out, err
}

func (r *Resources) retryMails(ctx context.Context, _ *struct{}) (*struct{ Body Retried }, error) {
	out := &struct{ Body Retried }{}
	_, err := r.Write(ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		out.Body.Retried, err = r.Mail.Retry(tx, &c.Actor)
		return err
	})
	return out, err
}

var errNoMailbox = fault.New(fault.NotFound, "this server keeps no mailbox; one that is started with dev and without a mail server does")

func (r *Resources) listMailbox(ctx context.Context, _ *struct{}) (*rest.Listed[Kept], error) {
	if r.Mailbox == nil {
		return nil, errNoMailbox
	}
	out := &rest.Listed[Kept]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := r.Mailbox.List(tx, &c.Actor)
		out.Body = web.Cut(all, len(all), func(k mail.Kept) Kept {
			return Kept{Number: k.Number, To: k.To, Subject: k.Subject, Date: k.Date}
		}, nil)
		return err
	})
	return out, err
}

func (r *Resources) readMail(ctx context.Context, in *struct {
	Mail int64 `path:"mail" minimum:"1" doc:"Its number."`
}) (*struct{ Body Kept }, error) {
	if r.Mailbox == nil {
		return nil, errNoMailbox
	}
	out := &struct{ Body Kept }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		k, err := r.Mailbox.Get(tx, &c.Actor, in.Mail)
		out.Body = Kept{k.Number, k.To, k.Subject, k.Date, k.Body}
		return err
	})
	return out, err
}

func showMail(m mail.Mail) Mail {
	shown := Mail{
		Address: m.Address, State: string(m.State), Attempts: m.Attempts, QueuedAt: m.QueuedAt, LastEvent: m.LastEvent, Problem: m.Problem,
	}
	if m.State == mail.Pending {
		shown.NextAt = m.NextAt
	}
	return shown
}
