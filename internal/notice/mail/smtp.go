package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Settings say which mail server to use.
type Settings struct {
	// URL is smtp://user@host:587, which begins in the clear and must become TLS (STARTTLS, RFC 3207), or
	// smtps://user@host:465, which is TLS from the start (RFC 8314). User and port may be left out. A loopback host may
	// do without TLS.
	URL string
	// Password belongs to the URL's user. It never stands in the URL, which is printed.
	Password seal.Secret
	// From is the address that mails come from.
	From string
	// TLS replaces the system's settings for certificates; nil leaves them.
	TLS *tls.Config
}

// SMTP hands mails to a mail server (RFC 5321).
type SMTP struct {
	host     string
	implicit *tls.Config // nil: TLS begins by STARTTLS, if at all
	options  []gomail.Option
	from     string
	domain   string
}

// carryTime bounds one mail, from the connection to the server's yes.
const carryTime = 15 * time.Second

// NewSMTP checks settings and connects to nobody. What is wrong is [fault.Invalid] on the setting's name: smtp_url,
// smtp_password or mail_from.
func NewSMTP(s Settings) (*SMTP, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" ||
		u.Path != "" && u.Path != "/" {
		return nil, fault.On("smtp_url", "the mail server is named as smtp://user@host:587 or smtps://user@host:465")
	}
	user := u.User.Username()
	if _, inside := u.User.Password(); inside {
		return nil, fault.On("smtp_url", "the password does not belong into the URL; put it into a file")
	}
	if (user == "") != s.Password.Empty() {
		return nil, fault.On("smtp_password", "a user in smtp_url and a password go together")
	}
	if err := ValidAddress("mail_from", s.From); err != nil {
		return nil, err
	}
	implicit, port := u.Scheme == "smtps", 587
	if implicit {
		port = 465
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, fault.On("smtp_url", "the port of the mail server is a number from 1 to 65535")
		}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName = u.Hostname()
	m := &SMTP{host: u.Hostname(), from: s.From, domain: s.From[strings.LastIndexByte(s.From, '@')+1:]}
	m.options = []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(carryTime), gomail.WithTLSConfig(config)}
	local := isLoopback(m.host)
	switch {
	case implicit:
		m.implicit = config
		m.options = append(m.options, gomail.WithSSL())
	case local:
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if user != "" {
		ways := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
		if local && !implicit {
			ways = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc} // nobody listens between this process and the next
		}
		m.options = append(m.options, gomail.WithOpportunisticSMTPAuth(ways...), gomail.WithUsername(user), gomail.WithPassword(s.Password.Reveal()))
	}
	return m, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Carry implements [Carrier] with a connection per mail: they are few. A server that does not take the mail, whatever
// it says, is [fault.Unavailable], because even a final no may be about a password that somebody is replacing.
func (s *SMTP) Carry(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	letter, err := s.letter(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, carryTime)
	defer cancel()
	client, err := gomail.NewClient(s.host, append(slices.Clone(s.options), gomail.WithDialContextFunc(s.dial(ctx)))...)
	if err != nil {
		return err
	}
	// Errors after the server took the mail, such as one of saying goodbye, would have it sent again.
	if err := client.DialAndSendWithContext(ctx, letter); err != nil && !letter.IsDelivered() {
		if refusal, ok := errors.AsType[*gomail.SendError](err); ok && refusal.ErrorCode() != 0 {
			return fault.Wrap(fault.Unavailable, err, "the mail server did not take the mail and said %d", refusal.ErrorCode())
		}
		return fault.Wrap(fault.Unavailable, err, "the mail server did not take the mail; the log says why")
	}
	return nil
}

func (s *SMTP) letter(m Message) (*gomail.Msg, error) {
	letter := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := letter.FromFormat("Counterfoil", s.from); err != nil {
		return nil, err
	}
	if err := letter.To(m.To); err != nil {
		return nil, err
	}
	letter.Subject(m.Subject)
	letter.SetMessageIDWithValue(m.ID + "@" + s.domain)
	letter.SetDateWithValue(m.Date)
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no holiday replies, please
	letter.SetBodyString(gomail.TypeTextPlain, m.Body)
	if m.HTML != "" {
		letter.AddAlternativeString(gomail.TypeTextHTML, m.HTML) // multipart/alternative, the better part last (RFC 2046 §5.1.4)
	}
	return letter, nil
}

// dial returns a function that connects. The end of ctx ends the conversation, wherever it is: the library bounds its
// steps one by one, and leaves a connection open on which the conversation failed early.
func (s *SMTP) dial(ctx context.Context) gomail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		plain, err := new(net.Dialer).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = plain.Close() })
		if s.implicit == nil {
			return plain, nil
		}
		secured := tls.Client(plain, s.implicit)
		return secured, secured.HandshakeContext(dialing)
	}
}
