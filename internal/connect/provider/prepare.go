package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// prepare checks what a schema cannot say and makes the patterns ready. It is what stands between an operator's file and
// a secret in somebody's access log.
func (p *Provider) prepare() error {
	p.byName = map[string]*Field{}
	for i := range p.Fields {
		f := &p.Fields[i]
		if p.byName[f.Name] != nil {
			return fault.New(fault.Invalid, "the field %s is there twice", f.Name)
		}
		p.byName[f.Name] = f
		if err := f.prepare(); err != nil {
			return fault.New(fault.Invalid, "field %s: %s", f.Name, err)
		}
	}
	if err := p.checkMode(); err != nil {
		return err
	}
	for _, text := range p.Paste {
		pattern, err := regexp.Compile(`^(?:` + text + `)$`)
		if err != nil {
			return fault.New(fault.Invalid, "paste: %s", oneLine(err))
		}
		for _, name := range pattern.SubexpNames()[1:] {
			if name == "" || p.byName[name] == nil {
				return fault.New(fault.Invalid, "paste: the groups of %s must be named as fields are", text)
			}
		}
		p.paste = append(p.paste, pattern)
	}
	for i := range p.Errors {
		if text := p.Errors[i].Says; text != "" {
			pattern, err := regexp.Compile(`(?is)` + text)
			if err != nil {
				return fault.New(fault.Invalid, "errors: %s", oneLine(err))
			}
			p.Errors[i].says = pattern
		}
	}
	if err := p.checkWords(); err != nil {
		return err
	}
	return p.checkTemplates()
}

func (f *Field) prepare() error {
	if f.Pattern != "" {
		pattern, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			return fmt.Errorf("%s", oneLine(err))
		}
		f.pattern = pattern
	}
	if f.Secret && (f.Default != "" || len(f.Choices) > 0) {
		return fmt.Errorf("a secret has neither a default nor choices")
	}
	for _, value := range []string{f.Example, f.Default} {
		if value != "" && !f.Secret {
			if _, err := f.accept(value); err != nil {
				return fmt.Errorf("%q does not fit the field itself: %w", value, err)
			}
		}
	}
	return nil
}

func (p *Provider) checkMode() error {
	switch {
	case p.Mode.HasToken() && p.Token == nil && (p.Assertion == nil || p.Assertion.Sent != "token"):
		return fault.New(fault.Invalid, "the mode %s needs token", p.Mode)
	case !p.Mode.HasToken() && p.Token != nil:
		return fault.New(fault.Invalid, "the mode %s has no token", p.Mode)
	case p.Mode == AuthorizationCode && p.Authorize == nil:
		return fault.New(fault.Invalid, "the mode %s needs authorize", p.Mode)
	case p.Mode == JWTBearer && p.Assertion == nil:
		return fault.New(fault.Invalid, "the mode %s needs assertion", p.Mode)
	case p.Token != nil && p.Token.Body == Query && (p.Token.Auth == AuthPost || p.Token.Auth == AuthPrivateKeyJWT || p.Mode == JWTBearer):
		return fault.New(fault.Invalid, "token: with body query the client's proof would be in the address, and addresses are written into logs")
	case p.Assertion != nil && p.byName[p.Assertion.Key] == nil:
		return fault.New(fault.Invalid, "assertion: there is no field %s with its key", p.Assertion.Key)
	case p.Assertion != nil && !p.byName[p.Assertion.Key].Secret:
		return fault.New(fault.Invalid, "assertion: the field %s holds a private key and must be secret", p.Assertion.Key)
	}
	return nil
}

// told are names in templates that are no fields: what the provider said, and what a connector knows.
var told = []string{"access_token", "refresh_token", "client_id", "client_secret", "key_fingerprint"}

// checkTemplates looks at every placeholder: it must be known, and no secret may get into an address, which others log.
func (p *Provider) checkTemplates() error {
	places := map[string]string{"api.base_url": p.API.BaseURL}
	open := map[string]map[string]string{"api.headers": p.API.Headers}
	if t := p.Token; t != nil {
		places["token.url"] = t.URL
		open["token.headers"], open["token.params"] = t.Headers, t.Params
		if t.Body == Query {
			for name, value := range t.Params {
				places["token.params."+name] = value
			}
		}
	}
	if a := p.Authorize; a != nil {
		places["authorize.url"] = a.URL
		for name, value := range a.Params {
			places["authorize.params."+name] = value
		}
	}
	if v := p.Verify; v != nil {
		places["verify.path"] = v.Path
	}
	if r := p.Revoke; r != nil {
		places["revoke.url"] = r.URL
		open["revoke.headers"], open["revoke.params"] = r.Headers, r.Params
	}
	if a := p.Assertion; a != nil {
		open["assertion"] = map[string]string{"issuer": a.Issuer, "subject": a.Subject, "audience": a.Audience, "key_id": a.KeyID}
		open["assertion.claims"] = a.Claims
	}
	for place, template := range places {
		if err := closed(template); err != nil {
			return fault.New(fault.Invalid, "%s: %s", place, err)
		}
		for _, name := range placeholders(template) {
			if p.isSecret(name) {
				return fault.New(fault.Invalid, "%s: ${%s} is a secret, and addresses are written into logs", place, name)
			}
			if err := p.known(name); err != nil {
				return fault.New(fault.Invalid, "%s: %s", place, err)
			}
		}
	}
	for place, templates := range open {
		for key, template := range templates {
			if err := closed(template); err != nil {
				return fault.New(fault.Invalid, "%s.%s: %s", place, key, err)
			}
			for _, name := range placeholders(template) {
				if err := p.known(name); err != nil {
					return fault.New(fault.Invalid, "%s.%s: %s", place, key, err)
				}
			}
		}
	}
	return nil
}

// isSecret reports whether a placeholder stands for something that must be in no log. A member of a secret file is as
// secret as the file: nobody can say which of its members are not.
func (p *Provider) isSecret(name string) bool {
	head, _, _ := strings.Cut(name, ".")
	f := p.byName[head]
	return f != nil && f.Secret || slices.Contains([]string{"access_token", "refresh_token", "client_secret"}, head)
}

func (p *Provider) known(name string) error {
	if p.byName[name] != nil || slices.Contains(told, name) || p.Token != nil && slices.Contains(p.Token.Answer.Told, name) {
		return nil
	}
	if head, _, inside := strings.Cut(name, "."); inside && p.byName[head] != nil && p.byName[head].Format == "json" {
		return nil // a member of a JSON file that was entered
	}
	return fmt.Errorf("${%s} is no field", name)
}

// closed refuses what looks like a placeholder and is none: it would be sent as it stands.
func closed(template string) error {
	if strings.Contains(placeholder.ReplaceAllString(template, ""), "${") {
		return fmt.Errorf("%q holds a placeholder that is none; they look like ${field_name}", template)
	}
	return nil
}
