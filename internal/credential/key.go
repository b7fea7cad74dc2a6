package credential

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// KeySpec is what can be said about the keys that an application signs its assertions with: JWKS, as
// [assertion.ParseJWKS] reads it, or the address of a set. Whether something answers there is for the caller to try
// ([assertion.Fetcher.CheckURI]), since a transaction waits for no network.
type KeySpec struct {
	Spec
	JWKS []byte
	URI  string
}

// AddKey lets an application prove itself by assertions that it signs (private_key_jwt, RFC 7523 §2.2). Keys that cannot
// be used, private ones above all, are [fault.Invalid] on "jwks"; more credentials of the kind than the limit is
// [fault.Conflict].
func AddKey(tx *db.Tx, actor *access.Actor, app uuid.UUID, spec KeySpec) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	source, err := sourceOf(spec.JWKS, spec.URI)
	if err != nil {
		return nil, err
	}
	if source == (assertion.Source{}) {
		return nil, fault.On("jwks", "give public keys, or the jwks_uri at which the application publishes them")
	}
	c, err := p.beginWith(KindKey, proof.Proof{Keys: &source}, spec.Spec)
	if err != nil {
		return nil, err
	}
	c.Hint = hintOf(source)
	return c, p.keepPublic(c)
}

// keepPublic inserts a credential behind which nothing is secret.
func (p *place) keepPublic(c *Credential) error {
	if err := c.insert(p.tx); err != nil {
		return err
	}
	c.record(p.tx, p.actor.Who(), p.catalogue, "credential.created", nil)
	return nil
}

// maxURI is how long an address may be, in bytes.
const maxURI = 2000

// sourceOf reads where keys are; the zero source is nowhere.
func sourceOf(jwks []byte, uri string) (source assertion.Source, err error) {
	switch {
	case len(jwks) > 0 && uri != "":
		return source, fault.On("jwks_uri", "give the keys or their address, not both")
	case len(jwks) > 0:
		source.Inline, err = assertion.ParseJWKS(jwks)
		return source, err
	case uri == "":
		return source, nil
	}
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil || len(uri) > maxURI || strings.ContainsFunc(uri, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
		return source, fault.On("jwks_uri", "it must be an absolute address of at most %d characters", maxURI)
	}
	source.URI = uri
	return source, nil
}

// shownKeys is how many keys of a set a hint names.
const shownKeys = 2

// hintOf tells sources apart: by how the thumbprints of keys (RFC 7638) begin, or by their address.
func hintOf(source assertion.Source) string {
	if source.Inline == nil {
		return shorten(source.URI)
	}
	all := source.Inline.Hints()
	var shown []string
	for _, one := range all[:min(len(all), shownKeys)] {
		shown = append(shown, one[:8])
	}
	hint := strings.Join(shown, " ")
	if more := len(all) - shownKeys; more > 0 {
		hint += fmt.Sprintf(" and %d more", more)
	}
	return hint
}
