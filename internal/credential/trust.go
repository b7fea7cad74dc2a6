package credential

import (
	"maps"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// TrustSpec is what can be said about trust in another issuer. Without JWKS and URI the issuer's keys are found by
// discovery; whether that works is for the caller to try ([assertion.Fetcher.CheckIssuer]).
type TrustSpec struct {
	Spec
	assertion.Trust
	JWKS []byte
	URI  string
	// SingleUse accepts each token once; by default it is good until it expires, as its issuer meant it.
	SingleUse bool
}

// AddTrust lets an application prove itself by tokens of another issuer. A trust that nobody or everybody at the issuer
// would meet is [fault.Invalid] on the member at fault; one that the application has already, and more than the limit, are
// [fault.Conflict].
func AddTrust(tx *db.Tx, actor *access.Actor, app uuid.UUID, spec TrustSpec) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	source, err := sourceOf(spec.JWKS, spec.URI)
	if err != nil {
		return nil, err
	}
	if source == (assertion.Source{}) {
		source.Issuer = spec.Issuer
	}
	if err := p.refuseTwice(&spec.Trust); err != nil {
		return nil, err
	}
	c, err := p.beginWith(KindTrust, proof.Proof{Trust: &proof.Trust{Trust: spec.Trust, Keys: source, SingleUse: spec.SingleUse}}, spec.Spec)
	if err != nil {
		return nil, err
	}
	c.Hint = shorten(spec.Subject)
	return c, p.keepPublic(c)
}

// refuseTwice refuses a trust that the application has: to disable one of two would change nothing.
func (p *place) refuseTwice(t *assertion.Trust) error {
	all, err := db.All(p.tx, scan, selectAll, p.owner.Environment.String(), p.owner.ID.String())
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Kind != KindTrust {
			continue
		}
		if has := c.Proof.Trust; has.Issuer == t.Issuer && has.Audience == t.Audience && has.Subject == t.Subject && maps.Equal(has.Claims, t.Claims) {
			return fault.New(fault.Conflict, "the application trusts that already: see %s", c.ID)
		}
	}
	return nil
}
