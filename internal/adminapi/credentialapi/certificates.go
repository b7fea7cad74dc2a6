package credentialapi

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Subjects are the names by which certificates of a trusted authority are known (RFC 8705 §2.1.2), one of them.
type Subjects struct {
	SubjectDN string `json:"subject_dn,omitempty" doc:"As RFC 4514 writes it, such as CN=billing,O=Acme,C=DE."`
	SANDNS    string `json:"san_dns,omitempty"`
	SANURI    string `json:"san_uri,omitempty"`
	SANIP     string `json:"san_ip,omitempty"`
	SANEmail  string `json:"san_email,omitempty"`
}

// Certificate is a [credential.Credential] of kind certificate on the wire.
type Certificate struct {
	Common
	Method      string `json:"method" enum:"tls_client_auth,self_signed_tls_client_auth" doc:"How it authenticates (RFC 8705 §2)."`
	Certificate string `json:"certificate,omitempty" doc:"In PEM; absent if any with a certain subject is accepted."`
	Thumbprint  string `json:"x5t#S256,omitempty" doc:"The SHA-256 of the certificate in base64url (RFC 7515 §4.1.8), as cnf in tokens has it."`
	Subjects
	CAs []string `json:"cas,omitempty" doc:"The ids of the authorities that it must come from."`

	PKCS12      rest.Disclosure `json:"pkcs12,omitzero" doc:"The generated key with its certificate, a PKCS #12 file in base64, in the answer to its creation and never again."`
	Password    rest.Disclosure `json:"password,omitzero" doc:"The password of the file, if it was made with it."`
	SecretShown bool            `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the file again."`
}

// NewCertificate is the body that makes a certificate: one that is uploaded, any with a certain subject, one for a signing
// request, or one with a new key.
type NewCertificate struct {
	NewCommon
	Certificate string `json:"certificate,omitempty" doc:"PEM, or DER in base64; those of the authorities between may follow."`
	CSR         string `json:"csr,omitempty" doc:"A signing request (PKCS #10) for the environment's own authority; of it the key counts and nothing else."`
	Generate    bool   `json:"generate,omitempty" doc:"Make a key and a certificate of the environment's own authority, and answer with both."`

	CommonName string            `json:"common_name,omitempty" maxLength:"64" doc:"Of what is generated: what the certificate is called. The client ID unless given, which stands in the subject beside it otherwise."`
	Password   rest.Confidential `json:"password,omitzero" doc:"Of what is generated: the password of the file, of 12 to 128 characters. One is made and shown once unless given."`

	Method string `json:"method,omitempty" enum:"tls_client_auth,self_signed_tls_client_auth" doc:"Of an upload: self_signed_tls_client_auth takes this one certificate, whoever issued it."`
	Subjects
	CAs []uuid.UUID `json:"cas,omitempty" doc:"The ids of the authorities that it must come from; of an upload, found unless given."`
}

func (r *Resources) certificates() *collection[Certificate] {
	return &collection[Certificate]{r.Desk, credential.KindCertificate, "certificates", "certificate", "certificate", showCertificate}
}

func (r *Resources) certificateOperations(api huma.API) {
	o := r.certificates()
	o.operations(api)
	huma.Register(api, rest.Creation("POST "+o.list(), "create-certificate",
		"Let an application prove itself by a certificate: upload one, name a subject, have a request signed, or have one made"), r.createCertificate)
}

func (r *Resources) createCertificate(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Idempotent
	Body NewCertificate
}) (*rest.Created[Certificate], error) {
	if err := r.mayAdd(ctx, rest.ID(in.Application)); err != nil {
		return nil, err
	}
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	asked, err := r.askedCertificate(&in.Body)
	if err != nil {
		return nil, err
	}
	var made *credential.Made
	if in.Body.Generate {
		actor := rest.CallOf(ctx).Actor
		wish := certificate.Wish{CommonName: in.Body.CommonName, Password: in.Body.Password.Secret()}
		made, err = r.Credentials.MakeCertificate(ctx, r.DB, &actor, rest.ID(in.Application), in.Body.spec(), wish)
		if fault.Is(err, fault.Unauthenticated) {
			return nil, rest.Outdated(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	o := r.certificates()
	return rest.Create(ctx, r.Desk, in.Idempotent, asked, rest.Maker[Certificate]{
		Make: func(tx *db.Tx, c *rest.Call) (Certificate, string, error) {
			k, err := r.addCertificate(tx, c, rest.ID(in.Application), &in.Body, made)
			if err != nil {
				return Certificate{}, "", err
			}
			shown, err := o.view(tx, k)
			if made != nil {
				shown.PKCS12 = rest.Disclose(seal.NewSecret(base64.StdEncoding.EncodeToString(made.PKCS12)))
				shown.Password = rest.Disclose(made.Password)
			}
			return shown, shown.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Certificate, error) {
			shown, err := o.again(in.Application)(tx, c, name)
			shown.SecretShown = in.Body.Generate
			return shown, err
		},
	})
}

type askedCertificate struct {
	*NewCertificate
	Fingerprint string `json:"fingerprint,omitempty"`
}

// askedCertificate tells bodies with different passwords apart.
func (r *Resources) askedCertificate(b *NewCertificate) (any, error) {
	if b.Password.IsZero() {
		return b, nil
	}
	mac, err := r.fingerprint("counterfoil idempotent certificate", b.Password)
	return askedCertificate{b, mac}, err
}

// check refuses a body that asks for two things or for nothing.
func (b *NewCertificate) check() error {
	ways := 0
	for _, asked := range []bool{b.Certificate != "", b.CSR != "", b.Generate, b.Subjects != Subjects{}} {
		if asked {
			ways++
		}
	}
	switch {
	case ways != 1:
		return fault.On("certificate", "say one of: certificate, csr, generate, or the subject of those that are meant with cas, which names their authorities")
	case (b.CSR != "" || b.Generate) && (b.Method != "" || len(b.CAs) > 0):
		return fault.On("cas", "the environment's own authority issues it: leave method and cas out")
	case !b.Generate && b.CommonName != "":
		return fault.On("common_name", "only what is generated is called by a name of your choice")
	case !b.Generate && !b.Password.IsZero():
		return fault.On("password", "only what is generated comes in a file with a password")
	}
	return nil
}

func (r *Resources) addCertificate(tx *db.Tx, c *rest.Call, app uuid.UUID, b *NewCertificate, made *credential.Made) (*credential.Credential, error) {
	switch {
	case made != nil:
		return credential.AddMade(tx, &c.Actor, made, b.spec())
	case b.CSR != "":
		return r.Credentials.IssueCertificate(tx, &c.Actor, app, b.spec(), []byte(b.CSR))
	}
	return credential.AddCertificate(tx, &c.Actor, app, credential.CertificateSpec{
		Spec: b.spec(), Upload: []byte(b.Certificate),
		Rule: certificate.Rule{
			Method: certificate.Method(b.Method), SubjectDN: b.SubjectDN, SANDNS: b.SANDNS, SANURI: b.SANURI, SANIP: b.SANIP, SANEmail: b.SANEmail, CAs: b.CAs,
		},
	})
}

func showCertificate(common Common, k *credential.Credential) Certificate {
	rule := k.Proof.Certificate
	shown := Certificate{
		Common: common, Method: string(rule.Method), Certificate: k.Proof.PEM,
		Subjects: Subjects{rule.SubjectDN, rule.SANDNS, rule.SANURI, rule.SANIP, rule.SANEmail},
	}
	if !rule.BySubject() {
		shown.Thumbprint = base64.RawURLEncoding.EncodeToString(rule.Thumbprint[:])
	}
	for _, id := range rule.CAs {
		shown.CAs = append(shown.CAs, id.String())
	}
	return shown
}

// Authority is a [certificate.CA] on the wire.
type Authority struct {
	rest.Row
	ID          string    `json:"id" format:"uuid"`
	Name        string    `json:"name"`
	Own         bool      `json:"own" doc:"Whether it is the environment's own, which Counterfoil keeps the key of."`
	Subject     string    `json:"subject" doc:"As RFC 4514 writes it."`
	Certificate string    `json:"certificate" doc:"In PEM."`
	ExpiresAt   time.Time `json:"expires_at" doc:"When its certificate expires."`
	CreatedBy   string    `json:"created_by"`
	CreatedAt   time.Time `json:"created_at"`
}

// NewAuthority is the body that makes an environment trust an authority.
type NewAuthority struct {
	Name        string `json:"name"`
	Certificate string `json:"certificate" doc:"PEM, or DER in base64."`
}

// AuthorityPath names an authority.
type AuthorityPath struct {
	Authority string `path:"authority" doc:"Its id, or the word own."`
}

func (r *Resources) authorityOperations(api huma.API) {
	const list, one = "/certificate-authorities", "/certificate-authorities/{authority}"
	huma.Register(api, rest.Operation("GET "+list, "list-certificate-authorities", "List the authorities whose certificates an environment may accept"), r.listAuthorities)
	huma.Register(api, rest.Creation("POST "+list, "create-certificate-authority", "Trust an authority; that lets nobody in until a credential names it"), r.createAuthority)
	huma.Register(api, rest.Operation("GET "+one, "get-certificate-authority", "Show an authority, such as the environment's own"), r.getAuthority)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-certificate-authority", "End the trust in an authority that no credential names"), r.deleteAuthority)
}

// Authorities are all of an environment.
type Authorities struct {
	Items []Authority `json:"items" nullable:"false" doc:"In the order they came, at most 50."`
}

func (r *Resources) listAuthorities(ctx context.Context, _ *struct{}) (*struct{ Body Authorities }, error) {
	out := &struct{ Body Authorities }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := certificate.ListCAs(tx, &c.Actor)
		out.Body.Items = make([]Authority, len(all))
		for i, ca := range all {
			out.Body.Items[i] = showAuthority(ca)
		}
		return err
	})
	return out, err
}

func (r *Resources) createAuthority(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewAuthority
}) (*rest.Created[Authority], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Authority]{
		Make: func(tx *db.Tx, c *rest.Call) (Authority, string, error) {
			ca, err := certificate.AddCA(tx, &c.Actor, in.Body.Name, []byte(in.Body.Certificate))
			if err != nil {
				return Authority{}, "", err
			}
			return showAuthority(ca), ca.ID.String(), nil
		},
		Again: findAuthority,
	})
}

func (r *Resources) getAuthority(ctx context.Context, in *struct {
	AuthorityPath
	rest.Conditional
}) (*rest.Found[Authority], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Authority, error) {
		return findAuthority(tx, c, in.Authority)
	})
}

func findAuthority(tx *db.Tx, c *rest.Call, id string) (found Authority, err error) {
	all, err := certificate.ListCAs(tx, &c.Actor)
	if err != nil {
		return found, err
	}
	for _, ca := range all {
		if ca.ID.String() == id || ca.Own && id == "own" {
			found = showAuthority(ca) // of several own ones, the latest
		}
	}
	switch {
	case found.ID == "" && id == "own":
		err = fault.New(fault.NotFound, "the environment has no authority of its own yet: it is made with the first certificate that it issues")
	case found.ID == "":
		err = fault.New(fault.NotFound, "there is no such authority")
	}
	return found, err
}

func (r *Resources) deleteAuthority(ctx context.Context, in *AuthorityPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		id := rest.ID(in.Authority)
		return certificate.DeleteCA(tx, &c.Actor, id, func() (bool, error) { return credential.Relied(tx, c.Actor.Environment, id) })
	})
}

func showAuthority(ca *certificate.CA) Authority {
	return Authority{
		Row: rest.RowOf(ca.ID, 1), ID: ca.ID.String(), Name: ca.Name, Own: ca.Own, Subject: certificate.Subject(ca.Certificate).String(),
		Certificate: string(certificate.PEM(ca.Certificate)), ExpiresAt: ca.Certificate.NotAfter.UTC(), CreatedBy: ca.CreatedBy, CreatedAt: ca.CreatedAt,
	}
}
