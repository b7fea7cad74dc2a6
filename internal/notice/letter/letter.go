package letter

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Kind says what a letter is about.
type Kind string

// The kinds of letters.
const (
	Invitation      Kind = "invitation"
	Activation      Kind = "activation"
	PasswordReset   Kind = "password-reset"
	PasswordChanged Kind = "password-changed"
	EmailCode       Kind = "email-code"
	AccountLocked   Kind = "account-locked"
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{Invitation, Activation, PasswordReset, PasswordChanged, EmailCode, AccountLocked}
}

// nature is what a kind of letter must carry.
type nature struct {
	link, code bool // it is nothing without one
	urgent     bool // somebody sits and waits for it
}

var natures = map[Kind]nature{
	Invitation: {link: true}, Activation: {link: true}, PasswordReset: {link: true, urgent: true},
	PasswordChanged: {}, EmailCode: {code: true, urgent: true}, AccountLocked: {},
}

// Letter is a mail to one person.
type Letter struct {
	Environment uuid.UUID
	// To is an address that the caller knows to be this person's; see [mail.ValidAddress].
	To string
	// Language is a language tag (BCP 47) or a list of them such as Accept-Language has; see [Speak].
	Language string
	Kind     Kind
	Data     Data
}

// Data is what a letter tells. Names may come from strangers: they are shortened, kept in one line and made unable to
// become a link.
type Data struct {
	// Name is the person's, or empty.
	Name string
	// Link is the one that the letter is about: the URL of an activation or of a reset, with its ticket. The letters that
	// tell that something happened may have one as well, to a page without a ticket.
	Link seal.Secret
	// Code is that of [EmailCode].
	Code seal.Secret
	// Until is when link, code or lock end; without one a letter is tried for 24 hours.
	Until time.Time
	// Application is the name of what an account is for. Without one the letter names the environment.
	Application string
	// Inviter is the name of who invites.
	Inviter string
	// Header and Footer are texts of the inviter's, up to 1,000 characters in 10 lines each. Anything that a mail program
	// turns into a link is refused.
	Header, Footer string
}

const (
	maxName  = 80
	maxText  = 1000
	maxLines = 10
	maxCode  = 20
	maxLink  = 2000
	// lifetime is how long a letter is tried that does not expire before.
	lifetime = 24 * time.Hour
)

// content is what is sealed of a letter: also the address as it was given, whose case a mail server may heed.
type content struct {
	To          string    `json:"to"`
	Name        string    `json:"name,omitempty"`
	Link        string    `json:"link,omitempty"`
	Code        string    `json:"code,omitempty"`
	Until       time.Time `json:"until,omitzero"`
	Application string    `json:"application,omitempty"`
	Inviter     string    `json:"inviter,omitempty"`
	Header      []string  `json:"header,omitempty"`
	Footer      []string  `json:"footer,omitempty"`
}

// Post queues a letter. It is sent soon after the transaction was committed, by whichever node is first. What cannot be
// sent is [fault.Invalid], on to, header or footer where these are to blame.
func Post(tx *db.Tx, vault *seal.Vault, l Letter) error {
	says, err := l.content()
	if err != nil {
		return err
	}
	text, err := json.Marshal(says)
	if err != nil {
		return err
	}
	// Ordered by time, so that rows are appended to the table's index.
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	sealed, err := vault.Seal(tx, l.Environment, table, id.String(), "sealed", text)
	if err != nil {
		return err
	}
	lane, expires := laneNew, tx.Now().Add(lifetime)
	if natures[l.Kind].urgent {
		lane = laneUrgent
	}
	if n := natures[l.Kind]; (n.link || n.code) && says.Until.Before(expires) {
		expires = says.Until
	}
	_, err = tx.Exec(insertLetter, l.Environment.String(), id.String(), string(l.Kind), strings.ToLower(l.To), Speak(l.Language), lane,
		db.Micros(tx.Now()), db.Micros(expires), sealed)
	return err
}

// Check refuses what [Post] would refuse, without writing anything: for callers who have work to do before.
func (l *Letter) Check() error {
	_, err := l.content()
	return err
}

func (l *Letter) content() (*content, error) {
	n, known := natures[l.Kind]
	if !known {
		return nil, fault.On("kind", "there is no letter of the kind %q", l.Kind)
	}
	if err := mail.ValidAddress("to", l.To); err != nil {
		return nil, err
	}
	c := &content{
		To: l.To, Name: l.Data.Name, Link: l.Data.Link.Reveal(), Code: l.Data.Code.Reveal(), Until: l.Data.Until,
		Application: l.Data.Application, Inviter: l.Data.Inviter,
	}
	switch {
	case n.link && c.Link == "" || n.code == (c.Code == "") || (n.link || n.code) && c.Until.IsZero():
		return nil, fault.New(fault.Internal, "a letter of the kind %s lacks its link, its code or their end, or has one too many", l.Kind)
	case c.Link != "" && !validLink(c.Link):
		return nil, fault.New(fault.Internal, "the link of a letter is no address of a page")
	case len(c.Code) > maxCode || strings.ContainsFunc(c.Code, func(r rune) bool { return !unicode.IsPrint(r) }):
		return nil, fault.New(fault.Internal, "the code of a letter has at most %d printable characters", maxCode)
	}
	for _, text := range []struct {
		field string
		from  string
		to    *[]string
	}{{"header", l.Data.Header, &c.Header}, {"footer", l.Data.Footer, &c.Footer}} {
		lines, err := foreign(text.field, text.from)
		if err != nil {
			return nil, err
		}
		*text.to = lines
	}
	return c, nil
}

// validLink lets addresses of pages through whose every character is visible and harmless in text.
func validLink(link string) bool {
	u, err := url.Parse(link)
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7F || strings.ContainsRune("\"'<>\\`{}|^", r) }
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && len(link) <= maxLink &&
		!strings.ContainsFunc(link, odd)
}

// foreign returns a stranger's text in lines, or refuses it.
func foreign(field, text string) ([]string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	if utf8.RuneCountInString(text) > maxText || len(lines) > maxLines {
		return nil, fault.On(field, "the text has at most %d characters in %d lines", maxText, maxLines)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		return nil, fault.On(field, "the text has printable characters and ends of lines only")
	}
	if slices.ContainsFunc(lines, func(line string) bool { return Defang(line) != line }) {
		return nil, fault.On(field, "the text has something that mail programs turn into a link, such as a web address; "+
			"a letter has one link only, its own (and a space belongs after a full stop)")
	}
	return lines, nil
}
