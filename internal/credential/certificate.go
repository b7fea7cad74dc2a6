package credential

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// CertificateSpec is what can be said about a certificate that an application comes with. Upload is a certificate; Rule
// says which ones are meant when there is none.
type CertificateSpec struct {
	Spec
	// Upload is what [certificate.Parse] reads, the authorities between included; nil if Rule names a subject.
	Upload []byte
	// Rule has the authorities and either a subject or none. An upload without authorities is known by its thumbprint
	// if it is self-signed or Rule.Method says so; else the environment must trust who issued it.
	Rule certificate.Rule
}

const (
	insertThumbprint = `INSERT INTO credential_certificate (environment_id, thumbprint, application_id, credential_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, thumbprint) DO NOTHING`
	insertReliance = `INSERT INTO credential_ca (environment_id, ca_id, application_id, credential_id) VALUES ($1, $2, $3, $4)`
	countReliance  = `SELECT count(*) FROM credential_ca WHERE environment_id = $1 AND ca_id = $2`
)

// onCertificate is the member that errors about an uploaded certificate name.
const onCertificate = "certificate"

// AddCertificate lets an application prove itself by a certificate (RFC 8705 §2): this one, or any that an authority of
// the environment issued for a subject. It expires with the certificate at the latest. What is wrong with an upload is
// [fault.Invalid] on "certificate"; one that is a credential of the environment already, and more than the limit, are
// [fault.Conflict].
func AddCertificate(tx *db.Tx, actor *access.Actor, app uuid.UUID, spec CertificateSpec) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	rule := spec.Rule
	if rule.CAs = distinct(rule.CAs); len(spec.Upload) == 0 {
		if rule.Method == "" {
			rule.Method = certificate.PKI
		}
		return p.addCertificate(spec.Spec, rule, nil)
	}
	leaf, chain, err := certificate.Parse(spec.Upload)
	if err != nil {
		return nil, err
	}
	if err := certificate.Check(leaf, tx.Now()); err != nil {
		return nil, err
	}
	if err := p.settle(&rule, leaf, chain); err != nil {
		return nil, err
	}
	return p.addCertificate(spec.Spec, rule, leaf)
}

func distinct(ids []uuid.UUID) (once []uuid.UUID) {
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// settle completes the rule for an uploaded certificate.
func (p *place) settle(rule *certificate.Rule, leaf *x509.Certificate, chain []*x509.Certificate) error {
	rule.Thumbprint = certificate.Thumbprint(leaf)
	if rule.Method == "" && len(rule.CAs) == 0 && certificate.SignedItself(leaf) {
		rule.Method = certificate.SelfSigned
	}
	if rule.Method == certificate.SelfSigned {
		return nil
	}
	rule.Method = certificate.PKI
	trusted := map[uuid.UUID]*x509.Certificate{}
	err := certificate.EachCA(p.tx, p.owner.Environment, func(ca *certificate.CA) error {
		trusted[ca.ID] = ca.Certificate
		return nil
	})
	if err != nil {
		return err
	}
	named := len(rule.CAs) > 0
	if !named {
		rule.CAs = p.issuers(*rule, leaf, chain, trusted)
	}
	if len(rule.CAs) == 0 {
		return fault.On(onCertificate, "it was issued by %q, which this environment does not trust: add that authority first, and send those "+
			"between along; or ask for %s, which takes this one certificate whoever issued it", shorten(leaf.Issuer.String()), certificate.SelfSigned)
	}
	if err := rule.Validate(); err != nil || !named {
		return err
	}
	if reason := certificate.Verify(leaf, chain, *rule, func(id uuid.UUID) *x509.Certificate { return trusted[id] }, p.valid(leaf)); reason != nil {
		return fault.On(onCertificate, "none of the named authorities issued it for TLS clients (%s); send those between along", reason)
	}
	return nil
}

// valid is a moment at which a certificate is valid: now, unless its time is yet to come.
func (p *place) valid(leaf *x509.Certificate) time.Time {
	if now := p.tx.Now(); leaf.NotBefore.Before(now) {
		return now
	}
	return leaf.NotBefore
}

// issuers returns the authorities of the environment that a certificate leads to, each by itself.
func (p *place) issuers(rule certificate.Rule, leaf *x509.Certificate, chain []*x509.Certificate, trusted map[uuid.UUID]*x509.Certificate) (found []uuid.UUID) {
	for id, ca := range trusted {
		rule.CAs = []uuid.UUID{id}
		if certificate.Verify(leaf, chain, rule, func(uuid.UUID) *x509.Certificate { return ca }, p.valid(leaf)) == nil {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return found[:min(len(found), certificate.MaxRuleCAs)]
}

// addCertificate inserts a certificate with its rule; leaf is nil for a rule by subject.
func (p *place) addCertificate(spec Spec, rule certificate.Rule, leaf *x509.Certificate) (*Credential, error) {
	if err := rule.Validate(); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(rule.CAs))
	for _, id := range rule.CAs {
		ca, err := certificate.LockCA(p.tx, p.owner.Environment, id)
		if err != nil {
			return nil, err
		}
		if ca.Own && rule.BySubject() {
			return nil, fault.On("cas", "certificates of Counterfoil's own authority are known one by one, never by subject: add the certificate")
		}
		names = append(names, ca.Name)
	}
	proof := proof.Proof{Certificate: &rule}
	if leaf != nil {
		proof.PEM = string(certificate.PEM(leaf))
	}
	c, err := p.beginWith(KindCertificate, proof, spec)
	if err != nil {
		return nil, err
	}
	c.Hint = shorten(rule.Subject() + " by " + strings.Join(names, ", "))
	if leaf != nil {
		c.Hint = certificate.Hint(leaf)
	}
	if err := c.insert(p.tx); err != nil {
		return nil, err
	}
	if err := p.rely(c, &rule); err != nil {
		return nil, err
	}
	c.record(p.tx, p.actor.Who(), p.catalogue, "credential.created", nil)
	return c, nil
}

// rely notes which certificate and which authorities the credential stands on.
func (p *place) rely(c *Credential, rule *certificate.Rule) error {
	if rule.Thumbprint != [32]byte{} {
		done, err := p.tx.Exec(insertThumbprint, c.Environment.String(), hex.EncodeToString(rule.Thumbprint[:]), c.Application.String(), c.ID.String())
		if err != nil {
			return err
		}
		if done == 0 {
			return fault.New(fault.Conflict, "this certificate is a credential of the environment already; a key that two hold tells them apart no more, so make another")
		}
	}
	for _, id := range rule.CAs {
		if _, err := p.tx.Exec(insertReliance, c.Environment.String(), id.String(), c.Application.String(), c.ID.String()); err != nil {
			return err
		}
	}
	return nil
}

// Relied reports whether a credential of the environment names the authority. For [certificate.DeleteCA].
func Relied(tx *db.Tx, environment, ca uuid.UUID) (bool, error) {
	n, err := db.Value[int](tx, countReliance, environment.String(), ca.String())
	return n > 0, err
}

// defaultLife is how long a certificate of the environment's own lives unless somebody says otherwise.
const defaultLife = 365 * 24 * time.Hour

// life is how long a certificate must live to serve a credential until then.
func (p *place) life(spec *Spec) (time.Duration, error) {
	now := p.tx.Now()
	if spec.ExpiresAt.IsZero() {
		life := max(defaultLife, time.Duration(p.policy.LeastDays)*24*time.Hour)
		if most := time.Duration(p.policy.MostDays) * 24 * time.Hour; most > 0 {
			life = min(life, most)
		}
		return life, nil
	}
	life := spec.ExpiresAt.Sub(now)
	if life < certificate.MinLifetime || life > certificate.MaxLifetime {
		return 0, fault.On("expires_at", "a certificate of our own lives between one hour and two years")
	}
	return life, nil
}

// IssueCertificate has the environment's own authority sign a request (PKCS #10) for an application, and adds the
// certificate, which is in the credential's [Proof]. It lives until spec says, a year otherwise. What is wrong with the
// request is [fault.Invalid] on "csr".
func (y *Authority) IssueCertificate(tx *db.Tx, actor *access.Actor, app uuid.UUID, spec Spec, csr []byte) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	life, err := p.life(&spec)
	if err != nil {
		return nil, err
	}
	issuer, err := certificate.OwnCA(tx, y.Vault, actor)
	if err != nil {
		return nil, err
	}
	leaf, err := issuer.SignCSR(csr, app, life, tx.Now())
	if err != nil {
		return nil, err
	}
	spec.ExpiresAt = leaf.NotAfter
	return p.addCertificate(spec, issuer.Rule(leaf), leaf)
}

// Made is a key and a certificate that are ready to be added.
type Made struct {
	*certificate.Generated
	app  uuid.UUID
	rule certificate.Rule
}

// MakeCertificate makes a key and a certificate of the environment's own authority for an application. It computes for a
// while, outside any transaction, and is let in as [AddMade] is, so that strangers cannot make the program compute. Errors
// about the wish are those of [certificate.Wish.Check].
func (y *Authority) MakeCertificate(ctx context.Context, d *db.DB, actor *access.Actor, app uuid.UUID, spec Spec, wish certificate.Wish) (*Made, error) {
	if err := wish.Check(app); err != nil {
		return nil, err
	}
	var issuer *certificate.Issuer
	var life time.Duration
	err := d.Write(ctx, func(tx *db.Tx) error {
		p, err := enter(tx, actor, app)
		if err != nil {
			return err
		}
		if life, err = p.life(&spec); err != nil {
			return err
		}
		wanted := spec
		wanted.ExpiresAt = tx.Now().Add(life)
		if _, err := p.begin(KindCertificate, wanted); err != nil { // what would be refused is refused before the work
			return err
		}
		issuer, err = certificate.OwnCA(tx, y.Vault, actor)
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := issuer.Generate(app, wish, life, d.Now())
	if err != nil {
		return nil, err
	}
	return &Made{made, app, issuer.Rule(made.Certificate)}, nil
}

// AddMade adds a certificate that [Authority.MakeCertificate] made; its file and password are shown to nobody before.
func AddMade(tx *db.Tx, actor *access.Actor, made *Made, spec Spec) (*Credential, error) {
	p, err := enter(tx, actor, made.app)
	if err != nil {
		return nil, err
	}
	spec.ExpiresAt = made.Certificate.NotAfter
	return p.addCertificate(spec, made.rule, made.Certificate)
}

// shorten makes a text fit for a hint.
func shorten(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
