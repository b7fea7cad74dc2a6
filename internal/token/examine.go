package token

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/register"
)

// MaxLength is the longest token that is looked at, in bytes. The longest this program makes is shorter: a JWT for
// an API with as many scopes as it may have, all with names as long as they may be, has some 30 KiB.
const MaxLength = 32 << 10

// Authority makes tokens, recognises and revokes them.
type Authority struct {
	register *register.Register
	cache    *cache
}

// New returns an authority that asks r.
func New(r *register.Register) *Authority {
	return &Authority{register: r, cache: newCache()}
}

// Examined is what [Authority.Examine] finds out. It can be used again for the next token.
type Examined struct {
	// Refusal says why the token is not good, or [access.Admitted].
	Refusal access.Refusal
	// Claims are set unless the refusal is [access.Malformed]; Client, Credential and API as far as they exist.
	Claims     Claims
	Client     register.Client
	Credential *proof.Candidate
	API        *access.API

	unknownKey bool // it was made, if it is a token at all, with a key that this node does not have
}

// errUnknownKey is a token made, if it is one at all, with a key that this node does not have.
var errUnknownKey = errors.New("unknown key")

// errNotOurs is everything that cannot be a token of this environment.
var errNotOurs = errors.New("not a token of this environment")

// Examine finds out whether text is a good token of environment e at the time now. Its error is
// [fault.Unavailable]: this node knows too little to say, which must not be taken for "not good".
func (y *Authority) Examine(ctx context.Context, e *register.Environment, text []byte, now time.Time, into *Examined) error {
	err := y.examine(ctx, e, text, now, into)
	if err != nil {
		return err
	}
	// Rubbish is not worth reading the ledger for; strangers could make us do it all day.
	behind := into.unknownKey || into.Refusal == access.Unknown || into.Refusal == access.Admitted && y.ahead(into)
	if behind && y.register.CatchUp(ctx) {
		e = y.register.Environment(e.ID)
		return y.examine(ctx, e, text, now, into)
	}
	return nil
}

// ahead reports whether the token was made by a node that has heard more of the ledger than this one.
func (y *Authority) ahead(x *Examined) bool {
	standing := x.Client.Standing(x.Credential, x.API)
	return x.Claims.Epochs.Exceeds(standing.Epochs)
}

func (y *Authority) examine(ctx context.Context, e *register.Environment, text []byte, now time.Time, into *Examined) error {
	into.API, into.Credential, into.Refusal, into.unknownKey = nil, nil, access.Malformed, false
	if err := y.open(e, text, &into.Claims); err != nil {
		if into.unknownKey = errors.Is(err, errUnknownKey); into.unknownKey {
			return y.register.Fresh(now, nil)
		}
		return nil
	}
	claims := &into.Claims
	api := e.Catalogue.API(claims.API)
	if api != nil && api.Builtin && bytes.HasPrefix(text, []byte(HandlePrefix)) {
		return nil // tokens of the management API are JWTs, so a stolen handle key opens nothing there
	}
	into.API = api
	if err := y.register.Fresh(now, api); err != nil {
		return err
	}
	found, err := y.register.Client(ctx, e, claims.Application, &into.Client)
	if err != nil {
		return err
	}
	into.Refusal = access.Unknown
	if !found || api == nil {
		return nil
	}
	if into.Credential = into.Client.Candidate(claims.Credential); into.Credential == nil {
		return nil
	}
	standing := into.Client.Standing(into.Credential, api)
	switch into.Refusal = standing.Admit(now, &claims.Epochs); {
	case into.Refusal != access.Admitted:
	case now.Unix() >= claims.Expires:
		into.Refusal = access.TokenExpired
	case y.register.IsRevoked(e, claims.JTI):
		into.Refusal = access.TokenRevoked
	}
	return nil
}

// Permissions returns what the token may do now: what it was granted and application and credential still hold.
func (x *Examined) Permissions(dst []uint32) []uint32 {
	asked := access.Asked{Application: x.Client.Permissions, Credential: x.Credential.Permissions, Narrowed: x.Credential.Narrowed}
	for _, n := range x.Claims.Permissions {
		if asked.Holds(n) {
			dst = append(dst, n)
		}
	}
	return dst
}

// Expires returns when the token ends, in seconds since 1970: never after the credential that it was got with, also
// when that was given its last day only later.
func (x *Examined) Expires() int64 {
	if end := x.Credential.Expires; end != 0 {
		return min(x.Claims.Expires, end/1_000_000)
	}
	return x.Claims.Expires
}

// Families are the API families that the token opens: those of the credential at the time that it still has.
func (x *Examined) Families() access.Families { return x.Claims.Families & x.Credential.Families }

// open proves that text is a token of e and reads its claims. It knows nothing of whether the token is still good.
func (y *Authority) open(e *register.Environment, text []byte, into *Claims) error {
	if len(text) > MaxLength {
		return errNotOurs
	}
	if handle, ok := bytes.CutPrefix(text, []byte(HandlePrefix)); ok {
		return openHandle(e, handle, into)
	}
	key := keyOf(e, text)
	header, _, _ := bytes.Cut(text, []byte("."))
	if e.Keys.ByHeader(header) != nil && y.cache.find(&key, into) { // what a key signed is not good for longer than the key
		return nil
	}
	if err := openJWT(e, text, into); err != nil {
		return err
	}
	y.cache.keep(&key, into)
	return nil
}

// strictBase64 has one spelling for each value but for line breaks, which it skips: they are looked for where no
// signature covers the text, so that no two texts are the same token.
var strictBase64 = base64.RawURLEncoding.Strict()

func openHandle(e *register.Environment, text []byte, into *Claims) error {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	var err error
	if w.sealed, err = strictBase64.AppendDecode(w.sealed[:0], text); err != nil || len(w.sealed) < keyNumber || bytes.ContainsAny(text, "\r\n") {
		return errNotOurs
	}
	number, box := w.sealed[:keyNumber], w.sealed[keyNumber:]
	key := e.Keys.HandleKeyByNumber(int64(binary.BigEndian.Uint32(number)))
	if key == nil {
		return errUnknownKey
	}
	var ok bool
	if w.plain, ok = key.Open(w.plain[:0], box, w.bind(e, number)); !ok {
		return errNotOurs
	}
	if into.unpack(w.plain) != nil {
		return errNotOurs
	}
	return nil
}

// openJWT verifies a JWT that this environment signed. The header must be, byte for byte, one that this program
// writes for one of the environment's keys, so no algorithm, key or type is ever taken from the token.
func openJWT(e *register.Environment, text []byte, into *Claims) error {
	header, rest, ok := bytes.Cut(text, []byte("."))
	payload, signature, ok2 := bytes.Cut(rest, []byte("."))
	if !ok || !ok2 || bytes.IndexByte(signature, '.') >= 0 {
		return errNotOurs
	}
	key := e.Keys.ByHeader(header)
	if key == nil {
		if !looksSigned(header) {
			return errNotOurs
		}
		return errUnknownKey
	}
	if !key.Verify(text[:len(header)+1+len(payload)], signature) {
		return errNotOurs
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	var err error
	if w.plain, err = strictBase64.AppendDecode(w.plain[:0], payload); err != nil {
		return errNotOurs
	}
	return into.fromJWT(w.plain, e.Issuer)
}

// looksSigned reports whether a header that belongs to no known key is at least one of ours in form.
func looksSigned(header []byte) bool {
	plain, err := strictBase64.AppendDecode(nil, header)
	var h struct {
		Typ string `json:"typ"`
		Kid string `json:"kid"`
	}
	return err == nil && json.Unmarshal(plain, &h) == nil && h.Typ == "at+jwt" && h.Kid != ""
}

// fromJWT reads the payload of a JWT whose signature was verified, so this program wrote it: a flat object in
// which no value holds a quote or an escape ([workspace.appendJWT]). Looking the members up costs a tenth of
// decoding them, which shows when every token is a new one.
func (c *Claims) fromJWT(payload []byte, issuer string) error {
	if string(member(payload, `"iss":"`, '"')) != issuer {
		return errNotOurs
	}
	var errs [6]error
	c.Application, errs[0] = uuid.ParseBytes(member(payload, `"client_id":"`, '"'))
	c.Credential, errs[1] = uuid.ParseBytes(member(payload, `"credential_id":"`, '"'))
	c.IssuedAt, errs[2] = strconv.ParseInt(string(member(payload, `"iat":`, ',')), 10, 64)
	c.Expires, errs[3] = strconv.ParseInt(string(member(payload, `"exp":`, ',')), 10, 64)
	c.JTI, errs[4] = register.ParseJTI(string(member(payload, `"jti":"`, '"')))
	var memory [256]byte
	state, err := strictBase64.AppendDecode(memory[:0], member(payload, `"`+stateClaim+`":"`, '"'))
	errs[5] = err
	for _, err := range errs {
		if err != nil {
			return errNotOurs
		}
	}
	return c.unpackState(state)
}

// member returns what stands between the name of a member, with its punctuation, and the end of its value.
func member(payload []byte, name string, end byte) []byte {
	_, rest, _ := bytes.Cut(payload, []byte(name))
	at := bytes.IndexByte(rest, end)
	if at < 0 {
		return nil
	}
	return rest[:at]
}
