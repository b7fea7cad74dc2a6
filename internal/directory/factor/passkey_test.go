package factor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// authenticator is a security key of one passkey, written from WebAuthn Level 3 §6 and RFC 8949 and from no library.
type authenticator struct {
	key     *ecdsa.PrivateKey
	id      []byte
	user    []byte
	rp      string
	origin  string
	flags   byte
	counter uint32
}

// The flags of authenticator data (§6.1).
const (
	present, verified, eligible, backedUp, attested = 0x01, 0x04, 0x08, 0x10, 0x40
)

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &authenticator{key: key, id: id, rp: site.ID, origin: site.Origins[0], flags: present | verified, counter: 1}
}

var site = factor.Party{ID: "auth.example", Name: "Counterfoil", Origins: []string{"https://auth.example"}}

var b64 = base64.RawURLEncoding.EncodeToString

// cborBytes writes a byte string (RFC 8949 §3.1, major type 2).
func cborBytes(b []byte) []byte {
	switch {
	case len(b) < 24:
		return append([]byte{0x40 | byte(len(b))}, b...)
	case len(b) < 256:
		return append([]byte{0x58, byte(len(b))}, b...)
	}
	return append([]byte{0x59, byte(len(b) >> 8), byte(len(b))}, b...)
}

func (a *authenticator) data(flags byte, also []byte) []byte {
	rp := sha256.Sum256([]byte(a.rp))
	out := append(rp[:], flags)
	out = binary.BigEndian.AppendUint32(out, a.counter)
	return append(out, also...)
}

func (a *authenticator) client(kind, challenge string) []byte {
	text, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	return text
}

// create answers navigator.credentials.create.
func (a *authenticator) create(t testing.TB, options []byte) []byte {
	t.Helper()
	var o struct {
		Challenge string `json:"challenge"`
		RP        struct{ ID string }
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil || o.RP.ID != site.ID {
		t.Fatalf("%s: %v", options, err)
	}
	a.user, _ = base64.RawURLEncoding.DecodeString(o.User.ID)
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, cborBytes(point[1:33])...) // EC2, ES256, P-256
	cose = append(append(cose, 0x22), cborBytes(point[33:])...)
	also := append(make([]byte, 16), byte(len(a.id)>>8), byte(len(a.id)))
	data := a.data(a.flags|attested, append(append(also, a.id...), cose...))
	object := append([]byte{0xa3, 0x63}, "fmt"...)
	object = append(append(object, 0x64), "none"...)
	object = append(append(object, 0x67), "attStmt"...)
	object = append(append(object, 0xa0, 0x68), "authData"...)
	object = append(object, cborBytes(data)...)
	return a.answer(map[string]any{
		"clientDataJSON": b64(a.client("webauthn.create", o.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"},
	})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(t testing.TB, options []byte) []byte {
	t.Helper()
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	a.counter++
	return a.sign(t, "webauthn.get", o.Challenge)
}

func (a *authenticator) sign(t testing.TB, kind, challenge string) []byte {
	t.Helper()
	client, data := a.client(kind, challenge), a.data(a.flags, nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.user),
	})
}

func (a *authenticator) answer(response map[string]any) []byte {
	text, _ := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{},
		"response": response,
	})
	return text
}

func (d *desk) beginPasskey() (c *factor.Ceremony) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		c, err = d.factors.BeginPasskey(tx, site, d.Home.ID, d.user, "Key ring")
		return err
	})
	return c
}

func (d *desk) finishPasskey(token seal.Secret, response []byte) (f *factor.Factor, err error) {
	err = d.DB.Write(d.Context(), func(tx *db.Tx) (err error) {
		f, err = d.factors.FinishPasskey(tx, site, d.Home.ID, token, response, ledger.System)
		return err
	})
	return f, err
}

// passkey gives the user one.
func (d *desk) passkey(t *testing.T) (*authenticator, *factor.Factor) {
	t.Helper()
	a, c := newAuthenticator(t), d.beginPasskey()
	f, err := d.finishPasskey(c.Token, a.create(t, c.Options))
	if err != nil {
		t.Fatal(err)
	}
	return a, f
}

func (d *desk) ask(user uuid.UUID) (c *factor.Ceremony) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		c, err = d.factors.BeginSignature(tx, site, d.Home.ID, user)
		return err
	})
	return c
}

func (d *desk) signed(token seal.Secret, response []byte) (s *factor.Signature, v factor.Verdict, err error) {
	err = d.DB.Write(d.Context(), func(tx *db.Tx) (err error) {
		s, v, err = d.factors.FinishSignature(tx, site, d.Home.ID, token, response)
		return err
	})
	return s, v, err
}

func TestPasskeySignsItsUserInWithAndWithoutAName(t *testing.T) {
	each(t, func(d *desk) {
		a, f := d.passkey(t)
		if !f.Confirmed || f.Kind != factor.Passkey || f.Name != "Key ring" || len(d.list()) != 1 {
			t.Errorf("%+v", f)
		}
		for _, user := range []uuid.UUID{d.user, uuid.Nil, d.user} {
			c := d.ask(user)
			answer := a.get(t, c.Options)
			s, v, err := d.signed(c.Token, answer)
			if err != nil || v != factor.Right || s.User.ID != d.user || s.Factor.ID != f.ID || !s.Verified {
				t.Fatalf("%s: %+v %s %v", user, s, v, err)
			}
			if _, _, err := d.signed(c.Token, answer); !ticket.Dead(err) {
				t.Errorf("the same answer again: %v", err)
			}
		}
		a.flags = present
		c := d.ask(d.user)
		if s, v, err := d.signed(c.Token, a.get(t, c.Options)); err != nil || v != factor.Right || s.Verified {
			t.Errorf("a touch is one factor: %+v %s %v", s, v, err)
		}
		c = d.ask(uuid.Nil)
		if _, v, err := d.signed(c.Token, a.get(t, c.Options)); err != nil || v != factor.Wrong {
			t.Errorf("a touch alone, without a password before it: %s %v", v, err)
		}
	})
}

func TestSignatureIsWrongForAnythingButItsSiteChallengeAndKey(t *testing.T) {
	each(t, func(d *desk) {
		a, _ := d.passkey(t)
		other := newAuthenticator(t)
		for what, spoil := range map[string]func(c *factor.Ceremony) []byte{
			"another site's origin": func(c *factor.Ceremony) []byte {
				b := *a
				b.origin = "https://auth.example.evil.example"
				return b.get(t, c.Options)
			},
			"another relying party": func(c *factor.Ceremony) []byte {
				b := *a
				b.rp = "evil.example"
				return b.get(t, c.Options)
			},
			"a key with a stolen id": func(c *factor.Ceremony) []byte {
				b := *a
				b.key = other.key
				return b.get(t, c.Options)
			},
			"a challenge of its own": func(*factor.Ceremony) []byte { return a.get(t, []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA"}`)) },
			"an answer to creation":  func(c *factor.Ceremony) []byte { return a.create(t, d.beginPasskey().Options) },
			"nobody present": func(c *factor.Ceremony) []byte {
				b := *a
				b.flags = 0
				return b.get(t, c.Options)
			},
			"a backup flag that was not there": func(c *factor.Ceremony) []byte {
				b := *a
				b.flags |= eligible | backedUp
				return b.get(t, c.Options)
			},
			"an unknown passkey": func(c *factor.Ceremony) []byte {
				other.user = a.user
				return other.get(t, c.Options)
			},
			"no answer":     func(*factor.Ceremony) []byte { return nil },
			"a long answer": func(*factor.Ceremony) []byte { return []byte(`{"id":"` + strings.Repeat("A", 64<<10) + `"}`) },
		} {
			for _, user := range []uuid.UUID{d.user, uuid.Nil} {
				c := d.ask(user)
				if s, v, err := d.signed(c.Token, spoil(c)); v != factor.Wrong || s != nil || err != nil {
					t.Errorf("%s: %+v %s %v", what, s, v, err)
				}
			}
		}
		c := d.ask(d.user)
		answer := a.get(t, c.Options)
		d.pass(5 * time.Minute)
		if _, _, err := d.signed(c.Token, answer); !ticket.Dead(err) {
			t.Errorf("five minutes later: %v", err)
		}
		d.Write(func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &d.Operator, d.user, directory.Suspended)
			return err
		})
		c = d.ask(uuid.Nil)
		if _, v, err := d.signed(c.Token, a.get(t, c.Options)); v != factor.Wrong || err != nil {
			t.Errorf("of a user who is suspended: %s %v", v, err)
		}
		err := d.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, err := d.factors.BeginSignature(tx, site, d.Home.ID, d.user)
			return err
		})
		if !ticket.Dead(err) {
			t.Errorf("asked for a user who is suspended: %v", err)
		}
	})
}

func TestCopyOfAPasskeyIsSuspected(t *testing.T) {
	each(t, func(d *desk) {
		a, _ := d.passkey(t)
		thief := *a
		for range 3 {
			c := d.ask(d.user)
			if _, v, err := d.signed(c.Token, a.get(t, c.Options)); v != factor.Right || err != nil {
				t.Fatal(v, err)
			}
		}
		c := d.ask(d.user)
		if _, v, err := d.signed(c.Token, thief.get(t, c.Options)); v != factor.Wrong || err != nil {
			t.Errorf("a counter that went back: %s %v", v, err)
		}
		d.Write(func(tx *db.Tx) error {
			n, err := db.Value[int](tx, `SELECT count(*) FROM ledger_event WHERE kind = 'user.factor_suspected'`)
			if n != 1 {
				t.Errorf("%d events", n)
			}
			return err
		})
		c = d.ask(d.user)
		if _, v, err := d.signed(c.Token, a.get(t, c.Options)); v != factor.Right || err != nil {
			t.Errorf("its owner: %s %v", v, err)
		}
	})
}

func TestPasskeyIsOnePersonsAndAttestedToThisAttempt(t *testing.T) {
	each(t, func(d *desk) {
		a, _ := d.passkey(t)
		c := d.beginPasskey()
		if !strings.Contains(string(c.Options), b64(a.id)) {
			t.Error("the browser is not told which passkeys there are already")
		}
		if _, err := d.finishPasskey(c.Token, a.create(t, c.Options)); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same passkey again: %v", err)
		}
		earlier := d.beginPasskey()
		fresh := newAuthenticator(t)
		if _, err := d.finishPasskey(c.Token, fresh.create(t, earlier.Options)); !fault.Is(err, fault.Invalid) {
			t.Errorf("an answer to another challenge: %v", err)
		}
		elsewhere := newAuthenticator(t)
		elsewhere.rp = "evil.example"
		if _, err := d.finishPasskey(c.Token, elsewhere.create(t, c.Options)); !fault.Is(err, fault.Invalid) {
			t.Errorf("of another site: %v", err)
		}
		if _, err := d.finishPasskey(d.ask(d.user).Token, fresh.create(t, c.Options)); !ticket.Dead(err) {
			t.Errorf("with a token to sign in: %v", err)
		}
		if _, _, err := d.signed(d.beginPasskey().Token, a.get(t, c.Options)); !ticket.Dead(err) {
			t.Errorf("signed in with a token to register: %v", err)
		}
		if _, err := d.finishPasskey(c.Token, fresh.create(t, c.Options)); err != nil || len(d.list()) != 2 {
			t.Errorf("a second passkey: %v", err)
		}
	})
}

func TestPasskeyAnswersAState(t *testing.T) {
	each(t, func(d *desk) {
		a, f := d.passkey(t)
		state := d.begin(uuid.New())
		answer := func(token seal.Secret, response []byte) (s *factor.State, v factor.Verdict, err error) {
			err = d.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
				s, v, err = d.factors.AnswerSignature(tx, site, state, token, response)
				return err
			})
			return s, v, err
		}
		c := d.ask(d.user)
		if _, v, err := answer(c.Token, []byte(`{}`)); v != factor.Wrong || err != nil {
			t.Errorf("no signature: %s %v", v, err)
		}
		later, _ := d.passkey(t)
		c = d.ask(d.user)
		if _, v, err := answer(c.Token, later.get(t, c.Options)); v != factor.Wrong || err != nil {
			t.Errorf("a passkey that came later: %s %v", v, err)
		}
		c = d.ask(d.user)
		s, v, err := answer(c.Token, a.get(t, c.Options))
		if v != factor.Right || err != nil || s.User != d.user {
			t.Errorf("%+v %s %v", s, v, err)
		}
		d.Refused("a code for a passkey", fault.Conflict, func(tx *db.Tx) error {
			_, err := d.factors.Check(tx, d.Home.ID, d.user, f.ID, "000000")
			return err
		})
	})
}

func TestPasskeysAreForAServerWithANameAndHTTPS(t *testing.T) {
	for address, want := range map[string]string{
		"https://auth.example/t1": "https://auth.example", "https://auth.example:8443": "https://auth.example:8443",
		"http://localhost:8080": "http://localhost:8080", "http://auth.example": "", "https://192.0.2.1": "", "https://[2001:db8::1]": "", ":": "",
	} {
		p, err := factor.PartyAt(address, "x")
		if got := strings.Join(p.Origins, " "); got != want || (err == nil) == (want == "") {
			t.Errorf("%s: %+v %v", address, p, err)
		}
	}
}

// What a browser answers comes from strangers, and is taken apart before anything is known of them.
func FuzzAnswerOfABrowser(f *testing.F) {
	a := newAuthenticator(f)
	f.Add(a.create(f, []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rp":{"id":"auth.example"}}`)))
	f.Add(a.get(f, []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA"}`)))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, response []byte) {
		if made, err := protocol.ParseCredentialCreationResponseBytes(response); err == nil && len(made.RawID) == 0 {
			t.Error("a passkey without an id")
		}
		if signed, err := protocol.ParseCredentialRequestResponseBytes(response); err == nil && len(signed.RawID) == 0 {
			t.Error("a signature of no passkey")
		}
	})
}
