package oauth

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/token"
)

// introspect serves the introspection endpoint (RFC 7662). Callers authenticate as clients, or with a bearer
// token of the management API that carries tokens:introspect. A token that is dead, foreign or none of the
// caller's business is exactly {"active":false}.
func (d *Door) introspect(c *call) error {
	entitled, err := d.introspector(c)
	if err != nil {
		return err
	}
	if len(c.form.token) == 0 {
		return errNoToken
	}
	x := &c.examined
	if err := d.Tokens.Examine(c.request.Context(), c.environment, c.form.token, c.now, x); err != nil {
		return err
	}
	if x.Refusal != access.Admitted || !entitled(x) {
		c.answer = append(c.answer, `{"active":false}`...)
		return nil
	}
	c.describe()
	return nil
}

// introspector authenticates the caller and returns which tokens it may see.
func (d *Door) introspector(c *call) (func(*token.Examined) bool, error) {
	if headers := c.request.Header["Authorization"]; len(headers) == 1 && len(headers[0]) > 7 && strings.EqualFold(headers[0][:7], "Bearer ") {
		if c.form.clientSecret != nil || c.form.assertion != nil || c.form.assertionType != nil {
			return nil, errTwoMethods
		}
		return seesAll, d.bearerIntrospector(c, headers[0][7:])
	}
	if err := d.authenticateCall(c); err != nil {
		return nil, err
	}
	return c.sees, nil
}

func seesAll(*token.Examined) bool { return true }

// sees reports whether the calling client is entitled to see a token: its own, one for an API it serves, or any.
func (c *call) sees(x *token.Examined) bool {
	if x.Client.ID == c.client.ID {
		return true
	}
	if _, serves := slices.BinarySearch(c.client.Introspects, x.Claims.API); serves {
		return true
	}
	all, ok := c.environment.Catalogue.Number(access.IntrospectTokens)
	held := access.Asked{Application: c.client.Permissions, Credential: c.with.Permissions, Narrowed: c.with.Narrowed}
	return ok && held.Holds(all)
}

// bearerIntrospector admits a caller whose bearer token is for the management API and may introspect.
func (d *Door) bearerIntrospector(c *call, bearer string) error {
	var x token.Examined
	if err := d.Tokens.Examine(c.request.Context(), c.environment, []byte(bearer), c.now, &x); err != nil {
		return err
	}
	if x.Refusal != access.Admitted || !x.API.Builtin || x.Claims.Bound() && !c.exchange.Holds(x.Claims.Confirmation) {
		return errBearer
	}
	if networks, from := x.Credential.Networks(), c.exchange.Remote(); len(networks) > 0 && from.IsValid() && !networks.Contain(from) {
		return errBearer // as at the management API, whose token it is
	}
	number, ok := c.environment.Catalogue.Number(access.IntrospectTokens)
	if !ok || !slices.Contains(x.Permissions(nil), number) {
		return errBearer
	}
	return nil
}

// describe writes what RFC 7662 §2.2 says of an active token.
func (c *call) describe() {
	x := &c.examined
	e := x.Client.Environment
	c.numbers = x.Permissions(c.numbers[:0])
	a := append(c.answer, `{"active":true,"scope":"`...)
	a = e.Catalogue.AppendScope(a, x.API, c.numbers)
	a = append(a, `","client_id":"`...)
	a = token.AppendUUID(a, x.Client.ID)
	a = append(a, `","sub":"`...)
	a = token.AppendUUID(a, x.Client.ID)
	a = append(a, `","aud":"`...)
	a = append(a, x.API.Audience...)
	a = append(a, `","iss":"`...)
	a = append(a, e.Issuer...)
	a = append(a, `","token_type":"Bearer","iat":`...)
	a = strconv.AppendInt(a, x.Claims.IssuedAt, 10)
	a = append(a, `,"exp":`...)
	a = strconv.AppendInt(a, x.Expires(), 10)
	a = append(a, `,"jti":"`...)
	a = append(a, x.Claims.JTI.String()...)
	a = append(a, `","credential_id":"`...)
	a = token.AppendUUID(a, x.Claims.Credential)
	if x.Claims.Bound() {
		a = append(a, `","cnf":{"x5t#S256":"`...)
		a = base64.RawURLEncoding.AppendEncode(a, x.Claims.Confirmation[:])
		c.answer = append(a, `"}}`...)
		return
	}
	c.answer = append(a, `"}`...)
}
