package mail

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Message is a mail to one address.
type Message struct {
	// Environment is whom it is sent for; it is not part of the mail.
	Environment uuid.UUID
	// ID is the left part of the Message-ID: the same for every attempt to send one mail.
	ID string
	// To is an address without a name, as [ValidAddress] wants it.
	To      string
	Subject string // one line
	Body    string // lines that end with \n
	// HTML says the same as Body for programs that show it, or is empty. It must load nothing.
	HTML string
	Date time.Time
}

// Carrier takes a mail where it belongs. Once it returns nil the mail is somebody else's responsibility.
type Carrier interface {
	Carry(ctx context.Context, m Message) error
}

const (
	maxAddress = 254 // RFC 5321 §4.5.3.1.3, without the angle brackets
	maxSubject = 200
	maxHTML    = 256 << 10
)

// ValidAddress refuses everything but a bare address in ASCII, such as ops@example.com, that cannot end a header line
// or an SMTP command: no name, no comment, no quoted part.
func ValidAddress(field, address string) error {
	parsed, err := mail.ParseAddress(address)
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7F || strings.ContainsRune(`"(),:;<>[\]`, r) }
	if err != nil || parsed.Name != "" || parsed.Address != address || len(address) > maxAddress || strings.ContainsFunc(address, odd) ||
		strings.Count(address, "@") != 1 || strings.HasPrefix(address, "-") {
		return fault.On(field, "an address looks like ops@example.com, without a name, in at most %d ASCII characters", maxAddress)
	}
	return nil
}

// check refuses a message that could say something in its header which its author did not. What is put there is made
// here and cleaned before; this is the last word, whoever forgets to.
func (m *Message) check() error {
	if err := ValidAddress("to", m.To); err != nil {
		return err
	}
	if m.ID == "" || strings.Trim(m.ID, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return fault.On("id", "the id of a mail is made of lowercase letters, digits, hyphens and dots")
	}
	notPrinted := func(r rune) bool { return !unicode.IsPrint(r) }
	if m.Subject == "" || utf8.RuneCountInString(m.Subject) > maxSubject || strings.ContainsFunc(m.Subject, notPrinted) || !utf8.ValidString(m.Subject) {
		return fault.On("subject", "the subject of a mail has 1 to %d printable characters", maxSubject)
	}
	inBody := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if strings.ContainsFunc(m.Body, inBody) || !utf8.ValidString(m.Body) {
		return fault.On("body", "the body of a mail has printable characters and ends of lines only")
	}
	if len(m.HTML) > maxHTML || strings.ContainsFunc(m.HTML, inBody) || !utf8.ValidString(m.HTML) {
		return fault.On("html", "the HTML of a mail has printable characters and ends of lines only, in at most %d bytes", maxHTML)
	}
	return nil
}
