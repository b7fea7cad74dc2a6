package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// server is as much of a mail server (RFC 5321) as a client needs to be rid of a mail.
type server struct {
	net.Listener
	tls *tls.Config // nil: no TLS

	mu       sync.Mutex
	mails    []string // as they came, between DATA and the dot
	commands []string
	refuse   func(command string) string // an answer in place of the usual one; "hang up" ends the connection
}

func serve(t *testing.T, implicit bool, config *tls.Config) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: l, tls: config}
	if implicit {
		s.Listener, s.tls = tls.NewListener(l, config), nil
	}
	var under sync.WaitGroup
	under.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			under.Go(func() { defer c.Close(); s.talk(c) })
		}
	})
	t.Cleanup(func() { l.Close(); under.Wait() })
	return s
}

func (s *server) port() int { return s.Addr().(*net.TCPAddr).Port }

func (s *server) talk(c net.Conn) {
	in, offered := bufio.NewReader(c), s.tls
	say := func(text string) { _, _ = fmt.Fprint(c, text+"\r\n") }
	say("220 here")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		answer := ""
		if s.refuse != nil {
			answer = s.refuse(line)
		}
		s.mu.Unlock()
		switch {
		case answer == "hang up":
			return
		case answer != "":
			say(answer)
		case verb == "EHLO" && offered != nil:
			say("250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN")
		case verb == "EHLO":
			say("250-here\r\n250 AUTH PLAIN")
		case verb == "STARTTLS":
			say("220 go on")
			c = tls.Server(c, offered)
			offered, in = nil, bufio.NewReader(c)
		case verb == "AUTH":
			say("235 welcome")
		case verb == "DATA":
			say("354 go on")
			s.take(in)
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

func (s *server) take(in *bufio.Reader) {
	var mail strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	s.mails = append(s.mails, mail.String())
	s.mu.Unlock()
}

// taken returns the mails and the commands so far.
func (s *server) taken() (mails, commands []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails), slices.Clone(s.commands)
}

func (s *server) refuseTo(refuse func(command string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// read takes a mail apart with the standard library.
func read(t *testing.T, text string) (header netmail.Header, subject, body string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	if subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	if got := m.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Errorf("encoding %s", got)
	}
	raw, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, subject, strings.ReplaceAll(string(raw), "\r\n", "\n")
}

var letter = mail.Message{
	ID: "0a1b2c", To: "ops@example.com", Subject: "Größe: 3 credentials expire", Body: "Dear reader,\n.\nthis is ü.\n",
	Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	s := serve(t, false, nil)
	m, err := mail.NewSMTP(mail.Settings{URL: fmt.Sprintf("smtp://127.0.0.1:%d", s.port()), From: "counterfoil@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Carry(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	mails, commands := s.taken()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	header, subject, body := read(t, mails[0])
	if subject != letter.Subject || strings.TrimRight(body, "\n") != strings.TrimRight(letter.Body, "\n") {
		t.Errorf("arrived: %q, %q", subject, body)
	}
	for name, want := range map[string]string{
		"Message-ID": "<0a1b2c@example.org>", "To": "<ops@example.com>", "From": `"Counterfoil" <counterfoil@example.org>`,
		"Date": "Fri, 02 Jan 2026 03:04:05 +0000", "Auto-Submitted": "auto-generated",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if all := strings.Join(commands, "\n"); strings.Contains(all, "AUTH") || !strings.Contains(all, "MAIL FROM:<counterfoil@example.org>") {
		t.Errorf("commands: %s", all)
	}
}

// certified returns settings of a server and of its clients that trust it.
func certified(t *testing.T) (server, client *tls.Config) {
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	return &tls.Config{Certificates: web.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

func TestPasswordsTravelInsideTLS(t *testing.T) {
	theirs, ours := certified(t)
	for scheme, implicit := range map[string]bool{"smtp": false, "smtps": true} {
		s := serve(t, implicit, theirs)
		settings := mail.Settings{
			URL: fmt.Sprintf("%s://me@127.0.0.1:%d", scheme, s.port()), Password: seal.NewSecret("open sesame"),
			From: "counterfoil@example.org", TLS: ours,
		}
		m, err := mail.NewSMTP(settings)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Carry(t.Context(), letter); err != nil {
			t.Fatalf("%s: %v", scheme, err)
		}
		mails, commands := s.taken()
		want := base64.StdEncoding.EncodeToString([]byte("\x00me\x00open sesame"))
		upgraded, authenticated := slices.Index(commands, "STARTTLS"), slices.Index(commands, "AUTH PLAIN "+want)
		if len(mails) != 1 || authenticated < 0 || !implicit && (upgraded < 0 || upgraded > authenticated) {
			t.Errorf("%s: %d mails, commands %q", scheme, len(mails), commands)
		}
		// A server whose certificate nobody vouches for gets nothing.
		settings.TLS = nil
		stranger, err := mail.NewSMTP(settings)
		if err != nil {
			t.Fatal(err)
		}
		if err := stranger.Carry(t.Context(), letter); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s, unknown certificate: %v", scheme, err)
		}
		if mails, _ := s.taken(); len(mails) != 1 {
			t.Errorf("%s: the mail went to a stranger", scheme)
		}
	}
}

func TestWithoutTLSNothingIsToldToAServerThatIsNotLocal(t *testing.T) {
	// This address leads to loopback and is not of it.
	for user, password := range map[string]seal.Secret{"": {}, "me@": seal.NewSecret("open sesame")} {
		s := serve(t, false, nil)
		m, err := mail.NewSMTP(mail.Settings{
			URL: fmt.Sprintf("smtp://%s0.0.0.0:%d", user, s.port()), Password: password, From: "counterfoil@example.org",
		})
		if err != nil {
			t.Fatal(err)
		}
		err = m.Carry(t.Context(), letter)
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("carried: %v", err)
		}
		mails, commands := s.taken()
		all := strings.Join(commands, "\n")
		if len(mails) != 0 || !strings.Contains(all, "EHLO") || strings.Contains(all, "AUTH") || strings.Contains(all, "MAIL") {
			t.Errorf("%d mails, commands %q (%v)", len(mails), commands, err)
		}
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	s := serve(t, false, nil)
	m, err := mail.NewSMTP(mail.Settings{URL: fmt.Sprintf("smtp://127.0.0.1:%d", s.port()), From: "counterfoil@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*mail.Message){
		"a subject of two lines":    func(l *mail.Message) { l.Subject = "a\r\nBcc: victim@example.com" },
		"a bare newline":            func(l *mail.Message) { l.Subject = "a\nBcc: victim@example.com" },
		"a line separator":          func(l *mail.Message) { l.Subject = "a\u2028b" },
		"an override of direction":  func(l *mail.Message) { l.Subject = "a\u202eb" },
		"a subject that is no text": func(l *mail.Message) { l.Subject = "a\xff" },
		"an address of two lines":   func(l *mail.Message) { l.To = "a@example.com\r\nBcc: victim@example.com" },
		"two addresses":             func(l *mail.Message) { l.To = "a@example.com, victim@example.com" },
		"a second command":          func(l *mail.Message) { l.To = "a@example.com> SIZE=1\r\nRCPT TO:<victim@example.com" },
		"an id of two lines":        func(l *mail.Message) { l.ID = "a\r\nBcc: victim@example.com" },
		"no id":                     func(l *mail.Message) { l.ID = "" },
		"a body with a bare return": func(l *mail.Message) { l.Body = "a\r.\r\nb" },
		"a body with an escape":     func(l *mail.Message) { l.Body = "a\x1b[2J" },
	} {
		l := letter
		change(&l)
		if err := m.Carry(t.Context(), l); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if mails, commands := s.taken(); len(mails) != 0 || len(commands) != 0 {
		t.Errorf("the server heard %q", commands)
	}
}

func FuzzWhatIsCarriedKeepsItsHeader(f *testing.F) {
	f.Add("ops@example.com", "hello", "body\n")
	f.Add("a@b\r\nBcc: c@d", "x\r\nBcc: y", ".\r\n.\r\n")
	f.Add(`"a b"@c`, "=?utf-8?q?a?=", "\u2028")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	s := &server{Listener: l}
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); s.talk(c) }()
		}
	}()
	f.Cleanup(func() { l.Close() })
	m, err := mail.NewSMTP(mail.Settings{URL: fmt.Sprintf("smtp://127.0.0.1:%d", s.port()), From: "counterfoil@example.org"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to, subject, body string) {
		before, _ := s.taken()
		if m.Carry(context.Background(), mail.Message{ID: "a", To: to, Subject: subject, Body: body, Date: letter.Date}) != nil {
			return
		}
		mails, _ := s.taken()
		if len(mails) != len(before)+1 {
			t.Fatalf("%d mails, want one more than %d", len(mails), len(before))
		}
		header, got, _ := read(t, mails[len(mails)-1])
		for name := range header {
			if !slices.Contains([]string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}, name) {
				t.Errorf("a header %s came from (%q, %q, %q)", name, to, subject, body)
			}
		}
		if header.Get("To") != "<"+to+">" || strings.TrimSpace(got) == "" && strings.TrimSpace(subject) != "" {
			t.Errorf("to %q, subject %q became %q", to, subject, got)
		}
	})
}

func TestSettingsThatAreRefused(t *testing.T) {
	good := mail.Settings{URL: "smtp://mail.example.org", From: "counterfoil@example.org"}
	if _, err := mail.NewSMTP(good); err != nil {
		t.Error(err)
	}
	for what, s := range map[string]mail.Settings{
		"no URL":                   {From: good.From},
		"a web server":             {URL: "https://mail.example.org", From: good.From},
		"a password in the URL":    {URL: "smtp://me:secret@mail.example.org", Password: seal.NewSecret("secret"), From: good.From},
		"a user without password":  {URL: "smtp://me@mail.example.org", From: good.From},
		"a password without user":  {URL: good.URL, Password: seal.NewSecret("secret"), From: good.From},
		"a path":                   {URL: "smtp://mail.example.org/a", From: good.From},
		"a port that cannot be":    {URL: "smtp://mail.example.org:70000", From: good.From},
		"no sender":                {URL: good.URL},
		"a sender with a name":     {URL: good.URL, From: "Counterfoil <counterfoil@example.org>"},
		"a sender of several ones": {URL: good.URL, From: "a@example.org,b@example.org"},
	} {
		_, err := mail.NewSMTP(s)
		if !fault.Is(err, fault.Invalid) || strings.Contains(fmt.Sprint(err), "secret@") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAMailThatWasTakenIsNotSentAgain(t *testing.T) {
	s := serve(t, false, nil)
	m, err := mail.NewSMTP(mail.Settings{URL: fmt.Sprintf("smtp://127.0.0.1:%d", s.port()), From: "counterfoil@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	s.refuseTo(func(command string) string {
		if command == "RSET" || command == "QUIT" {
			return "hang up"
		}
		return ""
	})
	if err := m.Carry(t.Context(), letter); err != nil {
		t.Errorf("a server that is rude after taking the mail: %v", err)
	}
	s.refuseTo(func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "550 nobody here at 10.1.2.3"
		}
		return ""
	})
	err = m.Carry(t.Context(), letter)
	if _, public := fault.Public(err); !fault.Is(err, fault.Unavailable) || !strings.Contains(public, "550") || strings.Contains(public, "10.1.2.3") {
		t.Errorf("a refusal: %v (public: %s)", err, public)
	}
}

func TestAServerThatHangsIsLeftWhenTheTimeIsOver(t *testing.T) {
	s := serve(t, false, nil)
	m, err := mail.NewSMTP(mail.Settings{URL: fmt.Sprintf("smtp://127.0.0.1:%d", s.port()), From: "counterfoil@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	release := make(chan struct{})
	s.refuseTo(func(command string) string {
		if strings.HasPrefix(command, "MAIL") {
			stop()
			<-release
		}
		return ""
	})
	if err := m.Carry(ctx, letter); !fault.Is(err, fault.Unavailable) {
		t.Errorf("carried: %v", err)
	}
	close(release)
}
