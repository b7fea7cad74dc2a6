package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// NoticeAddresses are where mail about credentials that expire goes.
type NoticeAddresses struct {
	Answer `json:"-"`

	Addresses []string `json:"addresses"`
	// Carrier is "smtp", "mailbox", which keeps mails to be read on a server that is tried out, or "none".
	Carrier string `json:"carrier,omitempty"`
}

// Mail is a mail to one address and what became of it.
type Mail struct {
	Address string `json:"address"`
	// State is "pending", "sent" or "dead", which is given up.
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	QueuedAt time.Time `json:"queued_at"`
	// NextAt is when a pending one is tried next.
	NextAt *time.Time `json:"next_at,omitempty"`
	// LastEvent is the number of the last ledger event that it tells.
	LastEvent int64 `json:"last_event"`
	// Problem is why the last attempt failed.
	Problem string `json:"problem,omitempty"`
}

// KeptMail is a mail in the mailbox of a server that is tried out.
type KeptMail struct {
	Number  int64     `json:"number"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Date    time.Time `json:"date"`
	// Body is set by MailboxMail only.
	Body string `json:"body,omitempty"`
}

// NoticeAddresses returns where mail goes. Needs webhooks:read.
func (c *Client) NoticeAddresses(ctx context.Context) (*NoticeAddresses, error) {
	return get[NoticeAddresses](ctx, c, at("notice-addresses"))
}

// SetNoticeAddresses replaces the addresses that mail goes to. Needs webhooks:write and credentials:read.
func (c *Client) SetNoticeAddresses(ctx context.Context, addresses []string) (*NoticeAddresses, error) {
	body := struct {
		Addresses []string `json:"addresses"`
	}{append([]string{}, addresses...)}
	return call[NoticeAddresses](ctx, c, request{method: http.MethodPut, path: at("notice-addresses"), body: body, repeatable: true})
}

// Mails returns the newest 200 mails. state is "pending", "sent", "dead" or empty for all. Needs webhooks:read.
func (c *Client) Mails(ctx context.Context, state string) ([]*Mail, error) {
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	got, err := call[page[Mail]](ctx, c, request{method: http.MethodGet, path: at("mails"), query: query, repeatable: true})
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// RetryMails sends mails that were given up again and returns how many there are. Needs webhooks:write.
func (c *Client) RetryMails(ctx context.Context) (int64, error) {
	got, err := call[struct {
		Retried int64 `json:"retried"`
	}](ctx, c, request{method: http.MethodPost, path: at("mails", "retry")})
	if err != nil {
		return 0, err
	}
	return got.Retried, nil
}

// Mailbox returns the last 200 mails that a server for trying out kept, the newest first, without bodies. Servers that
// send mail have none (status 404). Needs installation:read.
func (c *Client) Mailbox(ctx context.Context) ([]*KeptMail, error) {
	got, err := get[page[KeptMail]](ctx, c, at("mailbox"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// MailboxMail returns one mail of the mailbox. Needs installation:read.
func (c *Client) MailboxMail(ctx context.Context, number int64) (*KeptMail, error) {
	return get[KeptMail](ctx, c, at("mailbox", strconv.FormatInt(number, 10)))
}
