package adminapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Token is the body that names a token; in a path it would end up in logs.
type Token struct {
	Token string `json:"token" minLength:"1"`
}

// Inspection is all that can be said of a token. Header and claims of a JWT are shown as they stand there; only an
// active token proves them.
type Inspection struct {
	Format    string          `json:"format" enum:"jwt,handle,unknown"`
	Header    json.RawMessage `json:"header,omitempty" doc:"The JOSE header of a JWT."`
	Claims    json.RawMessage `json:"claims,omitempty" doc:"The claims of a JWT, or those that a handle stands for."`
	Active    bool            `json:"active" doc:"Whether the token is good here and now."`
	Reason    string          `json:"reason" doc:"active, or one word for why it is not."`
	Detail    string          `json:"detail" doc:"The reason in a sentence."`
	ExpiresIn *int64          `json:"expires_in,omitempty" doc:"Seconds, 0 or less for one that has expired; absent if this environment did not make it."`
}

// Revocation says what became of a token.
type Revocation struct {
	Revoked    bool `json:"revoked" doc:"false when there was nothing to revoke: the token is foreign, expired or revoked before."`
	Propagated bool `json:"propagated" doc:"Whether every live node obeys the change already; the others follow within 5 seconds."`
}

func (d *Door) tokenOperations(api huma.API) {
	huma.Register(api, rest.Operation("POST /tokens/inspect", "inspect-token", "Say what a token is, whether it is good, and why not"), d.inspectToken)
	huma.Register(api, rest.Operation("POST /tokens/revoke", "revoke-token", "Revoke one token"), d.revokeToken)
}

func (d *Door) inspectToken(ctx context.Context, in *struct{ Body Token }) (*struct{ Body Inspection }, error) {
	c, now := rest.CallOf(ctx), d.Now()
	var x token.Examined
	if err := d.Tokens.Examine(ctx, c.Environment, []byte(in.Body.Token), now, &x); err != nil {
		return nil, err
	}
	shown := dissect(in.Body.Token)
	shown.Active = x.Refusal == access.Admitted
	shown.Reason, shown.Detail = x.Refusal.String(), x.Refusal.Sentence()
	if shown.Active {
		shown.Reason, shown.Detail = "active", "The token is good."
	}
	if x.Refusal != access.Malformed {
		left := x.Claims.Expires - now.Unix()
		shown.ExpiresIn = &left
		if shown.Format == "handle" {
			var err error
			if shown.Claims, err = json.Marshal(claimsOf(c, &x)); err != nil {
				return nil, err
			}
		}
	}
	return &struct{ Body Inspection }{shown}, nil
}

// dissect shows what anybody can see in a token.
func dissect(text string) Inspection {
	if strings.HasPrefix(text, token.HandlePrefix) {
		return Inspection{Format: "handle"}
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > token.MaxLength {
		return Inspection{Format: "unknown"}
	}
	header := object(parts[0])
	if header == nil {
		return Inspection{Format: "unknown"}
	}
	return Inspection{Format: "jwt", Header: header, Claims: object(parts[1])}
}

// object decodes a part of a JWT, or returns nil if it is not an object in strict JSON.
func object(part string) json.RawMessage {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil
	}
	var members map[string]json.RawMessage
	if web.Strict(text, &members) != nil || members == nil {
		return nil
	}
	return text
}

// handleClaims are the claims of a handle under the names that a JWT would have them.
type handleClaims struct {
	Issuer     string `json:"iss"`
	Audience   string `json:"aud,omitempty"`
	Subject    string `json:"sub"`
	ClientID   string `json:"client_id"`
	IssuedAt   int64  `json:"iat"`
	Expires    int64  `json:"exp"`
	JTI        string `json:"jti"`
	Scope      string `json:"scope"`
	Credential string `json:"credential_id"`
}

func claimsOf(c *rest.Call, x *token.Examined) handleClaims {
	claims := handleClaims{
		Issuer: c.Environment.Issuer, Subject: x.Claims.Application.String(), ClientID: x.Claims.Application.String(),
		IssuedAt: x.Claims.IssuedAt, Expires: x.Claims.Expires, JTI: x.Claims.JTI.String(),
		Credential: x.Claims.Credential.String(),
	}
	if x.API != nil {
		claims.Audience = x.API.Audience
		claims.Scope = string(c.Environment.Catalogue.AppendScope(nil, x.API, x.Claims.Permissions))
	}
	return claims
}

func (d *Door) revokeToken(ctx context.Context, in *struct{ Body Token }) (*struct {
	rest.Propagation
	Body Revocation
}, error) {
	var x token.Examined
	if err := d.Tokens.Examine(ctx, rest.CallOf(ctx).Environment, []byte(in.Body.Token), d.Now(), &x); err != nil {
		return nil, err
	}
	revocable := canLive(x.Refusal)
	propagated, err := d.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		if !revocable {
			return nil
		}
		return token.RevokeAny(tx, &c.Actor, &x.Claims)
	})
	return &struct {
		rest.Propagation
		Body Revocation
	}{rest.Propagation{Propagated: propagated}, Revocation{revocable, propagated}}, err
}

// canLive reports whether a token refused so can be good now or later: one whose application is disabled stays dead,
// but only by the rules of today, and one whose credential is not valid yet will be.
func canLive(r access.Refusal) bool {
	switch r {
	case access.Malformed, access.Unknown, access.TokenExpired, access.TokenRevoked:
		return false
	default:
		return true
	}
}
