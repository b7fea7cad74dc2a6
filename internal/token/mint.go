package token

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
)

// HandlePrefix begins every handle, so that scanners and people recognise one.
const HandlePrefix = "cft_"

// workspace is the memory one token is made or opened in, used again for the next.
type workspace struct {
	plain, sealed []byte
	bound         [1 + 16 + keyNumber]byte
}

var workspaces = sync.Pool{New: func() any { return &workspace{plain: make([]byte, 0, 1024), sealed: make([]byte, 0, 1024)} }}

// keyNumber is how many bytes name the key in front of a handle's sealed claims.
const keyNumber = 4

// bind returns the associated data of a handle: the version of the layout, the environment and the key's number.
func (w *workspace) bind(e *register.Environment, number []byte) []byte {
	w.bound[0] = packedVersion
	copy(w.bound[1:], e.ID[:])
	copy(w.bound[17:], number)
	return w.bound[:]
}

// Minting is what a token is made of: the client, the credential that it came with, and what it is granted.
type Minting struct {
	Client *register.Client
	With   *proof.Candidate
	Grant  access.Grant
	// Confirmation is the thumbprint of the certificate that the client came with, to which the token is bound; zero if
	// it came without one. Until is when that certificate expires.
	Confirmation [32]byte
	Until        time.Time
}

// Mint appends a token and returns in how many seconds it expires: after the lifetime that API and application agree
// on, and never after credential or certificate do. The caller has asked the gate. An error is [fault.Unavailable]: the key is missing or cannot sign.
func (y *Authority) Mint(dst []byte, m *Minting, now time.Time) (token []byte, expiresIn int64, err error) {
	client, with, grant := m.Client, m.With, m.Grant
	claims := Claims{
		API: grant.API.Number, Application: client.ID, Credential: with.ID, Permissions: grant.Permissions,
		IssuedAt: now.Unix(), Families: with.Families, Confirmation: m.Confirmation,
	}
	standing := client.Standing(with, grant.API)
	claims.Epochs = standing.Epochs
	lifetime := grant.API.Lifetime
	if client.Lifetime != 0 {
		lifetime = min(lifetime, client.Lifetime)
	}
	claims.Expires = claims.IssuedAt + int64(lifetime/time.Second)
	if with.Expires != 0 {
		claims.Expires = min(claims.Expires, with.Expires/1_000_000)
	}
	if !m.Until.IsZero() {
		claims.Expires = min(claims.Expires, m.Until.Unix())
	}
	if _, err := rand.Read(claims.JTI[:]); err != nil {
		return dst, 0, err
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	if grant.API.Format == access.Handle {
		dst, err = w.appendHandle(dst, client.Environment, &claims, now)
	} else {
		dst, err = w.appendJWT(dst, client.Environment, grant, &claims)
	}
	return dst, claims.Expires - claims.IssuedAt, err
}

// appendHandle seals the packed claims with the day's key.
func (w *workspace) appendHandle(dst []byte, e *register.Environment, c *Claims, now time.Time) ([]byte, error) {
	key := e.Keys.HandleKey(now)
	if key == nil {
		return dst, fault.New(fault.Unavailable, "no key for handles")
	}
	w.plain = c.pack(w.plain[:0])
	w.sealed = binary.BigEndian.AppendUint32(w.sealed[:0], uint32(key.Number))
	w.sealed = key.Seal(w.sealed, w.plain, w.bind(e, w.sealed))
	dst = append(dst, HandlePrefix...)
	return base64.RawURLEncoding.AppendEncode(dst, w.sealed), nil
}

// appendJWT writes a JWT access token (RFC 9068 §2) by hand: a JOSE library costs half a signature. No value
// needs escaping: issuer, audience and scope are checked for that when they are configured.
func (w *workspace) appendJWT(dst []byte, e *register.Environment, grant access.Grant, c *Claims) ([]byte, error) {
	key := e.Keys.Active(grant.API.Alg)
	if key == nil {
		return dst, fault.New(fault.Unavailable, "no %s key to sign with", grant.API.Alg)
	}
	p := append(w.plain[:0], `{"iss":"`...)
	p = append(p, e.Issuer...)
	p = append(p, `","aud":"`...)
	p = append(p, grant.API.Audience...)
	p = append(p, `","sub":"`...)
	p = AppendUUID(p, c.Application)
	p = append(p, `","client_id":"`...)
	p = AppendUUID(p, c.Application)
	p = append(p, `","iat":`...)
	p = strconv.AppendInt(p, c.IssuedAt, 10)
	p = append(p, `,"exp":`...)
	p = strconv.AppendInt(p, c.Expires, 10)
	p = append(p, `,"jti":"`...)
	p = base64.RawURLEncoding.AppendEncode(p, c.JTI[:])
	p = append(p, `","scope":"`...)
	p = e.Catalogue.AppendScope(p, grant.API, c.Permissions)
	p = append(p, `","credential_id":"`...)
	p = AppendUUID(p, c.Credential)
	if c.Bound() {
		p = append(p, `","cnf":{"x5t#S256":"`...)
		p = base64.RawURLEncoding.AppendEncode(p, c.Confirmation[:])
		p = append(p, `"},"`+stateClaim+`":"`...)
	} else {
		p = append(p, `","`+stateClaim+`":"`...)
	}
	w.sealed = c.packState(w.sealed[:0])
	p = base64.RawURLEncoding.AppendEncode(p, w.sealed)
	p = append(p, `"}`...)
	w.plain = p

	start := len(dst)
	dst = append(dst, key.Header()...)
	dst = append(dst, '.')
	dst = base64.RawURLEncoding.AppendEncode(dst, p)
	signed := dst[start:]
	dst = append(dst, '.')
	dst, err := key.AppendSignature(dst, signed)
	if err != nil {
		return dst[:start], fault.Wrap(fault.Unavailable, err, "the token could not be signed")
	}
	return dst, nil
}

// stateClaim is the private claim that holds packed state (RFC 7519 §4.3): epochs and permission numbers.
const stateClaim = "counterfoil"

// AppendUUID appends id in its canonical form, without an allocation.
func AppendUUID(dst []byte, id uuid.UUID) []byte {
	var text [36]byte
	const digits = "0123456789abcdef"
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
	return append(dst, text[:]...)
}
