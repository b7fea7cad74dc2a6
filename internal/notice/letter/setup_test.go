package letter_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// house is an installation with a mailbox, and a clock that a test can move.
type house struct {
	*roomtest.Rooms
	*letter.Office
	box *mail.Mailbox

	mu    sync.Mutex
	moved time.Duration
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.moved)
}

func (h *house) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved += d
}

func each(t *testing.T, test func(h *house)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) { test(found(t, dsn)) })
}

func found(t *testing.T, dsn string) *house {
	h := &house{}
	h.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, h.now), filepath.Join(t.TempDir(), "root.key"))
	h.box = &mail.Mailbox{DB: h.Rooms.DB}
	h.Office = &letter.Office{DB: h.Rooms.DB, Vault: h.Rooms.Vault, Carrier: h.box}
	return h
}

// post queues letters with what [complete] adds to them.
func (h *house) post(all ...letter.Letter) {
	h.Helper()
	h.Write(func(tx *db.Tx) error {
		for _, l := range all {
			if err := letter.Post(tx, h.Rooms.Vault, h.complete(l)); err != nil {
				return err
			}
		}
		return nil
	})
}

// complete adds what a letter of its kind needs.
func (h *house) complete(l letter.Letter) letter.Letter {
	l.Environment = h.Home.ID
	if l.To == "" {
		l.To = "ada@example.com"
	}
	switch l.Kind {
	case letter.EmailCode:
		l.Data.Code = seal.NewSecret("493021")
	case letter.Invitation, letter.Activation, letter.PasswordReset:
		if l.Data.Link.Empty() {
			l.Data.Link = seal.NewSecret(link)
		}
	default:
		return l
	}
	if l.Data.Until.IsZero() {
		l.Data.Until = h.now().Add(time.Hour)
	}
	return l
}

const link = "https://auth.example/activate/9Zq3-abc_DEF"

// sent sends what is due and returns what the mailbox holds, oldest first.
func (h *house) sent() (all []mail.Kept) {
	h.Helper()
	if err := h.SendDue(h.Context()); err != nil {
		h.Fatal(err)
	}
	return h.kept()
}

func (h *house) kept() (all []mail.Kept) {
	h.Helper()
	operator := access.Operator(h.Home.ID)
	if err := h.Rooms.DB.Read(h.Context(), func(tx *db.Tx) (err error) {
		all, err = h.box.List(tx, &operator)
		return err
	}); err != nil {
		h.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// server is as much of a mail server (RFC 5321) as a client needs to be rid of a mail.
type server struct {
	net.Listener
	mu    sync.Mutex
	mails []string
	// mute says which lines it never answers; "" is the greeting.
	mute func(line string) bool
	// gone ends with the test: connections on which it is mute are held until then.
	gone chan struct{}
}

func serve(t *testing.T, mute func(line string) bool) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: l, mute: mute, gone: make(chan struct{})}
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
	t.Cleanup(func() { close(s.gone); l.Close(); under.Wait() })
	return s
}

func (s *server) talk(c net.Conn) {
	in := bufio.NewReader(c)
	say := func(text string) { _, _ = fmt.Fprint(c, text+"\r\n") }
	if s.mute("") {
		<-s.gone
		return
	}
	say("220 here")
	inMail, text := false, ""
	for {
		next, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line := strings.TrimRight(next, "\r\n")
		switch {
		case !inMail && s.mute(line):
			<-s.gone
			return
		case inMail && line == ".":
			inMail = false
			s.mu.Lock()
			s.mails = append(s.mails, text)
			s.mu.Unlock()
			say("250 taken")
		case inMail:
			text += strings.TrimPrefix(line, ".") + "\r\n"
		case line == "DATA":
			inMail, text = true, ""
			say("354 go on")
		default:
			say("250 fine")
		}
	}
}

func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *server) carrier(t *testing.T) *mail.SMTP {
	t.Helper()
	carrier, err := mail.NewSMTP(mail.Settings{URL: "smtp://" + s.Addr().String(), From: "counterfoil@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	return carrier
}

// parts takes a mail apart with the standard library: its header and its parts by media type.
func parts(t *testing.T, text string) (netmail.Header, map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	all := map[string]string{}
	reader := multipart.NewReader(m.Body, parameters["boundary"])
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m.Header, all
		}
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		all[kind] = strings.ReplaceAll(string(raw), "\r\n", "\n")
	}
}
