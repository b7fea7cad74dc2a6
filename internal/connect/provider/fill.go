package provider

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// maxValue bounds what is entered into one field, in bytes; keys and certificates are the longest.
const maxValue = 32 << 10

// Note is something that was done to what a person entered, which they should know of.
type Note struct {
	Field string
	Kind  NoteKind
}

// NoteKind says what was done.
type NoteKind string

// The kinds of note.
const (
	Trimmed  NoteKind = "trimmed"  // blanks or line ends around it were taken off
	Unquoted NoteKind = "unquoted" // quotation marks around it were taken off
	Read     NoteKind = "read"     // it was read out of an address that was entered
)

// FieldErrors say, field by field, why what was entered does not fit. It is [fault.Invalid].
type FieldErrors map[string]string

// Error implements error. It holds names of fields and what is wrong with them, never a value.
func (e FieldErrors) Error() string {
	all := make([]string, 0, len(e))
	for field, why := range e {
		all = append(all, field+": "+why)
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// Unwrap gives the error its kind.
func (e FieldErrors) Unwrap() error { return fault.New(fault.Invalid, "%s", e.Error()) }

// Field returns the field called name, or nil.
func (p *Provider) Field(name string) *Field { return p.byName[name] }

// Fill checks what a person typed, and presets, which they were not asked for, and returns what is kept of it: values in
// clear and secrets. Blanks and quotes around a value are taken off and noted; a label stands for the value of its
// choice. The error is [FieldErrors].
func (p *Provider) Fill(typed, presets map[string]string) (values map[string]string, secrets map[string]seal.Secret, notes []Note, err error) {
	values, secrets = map[string]string{}, map[string]seal.Secret{}
	wrong := FieldErrors{}
	typed, notes = p.unpack(typed)
	for i := range p.Fields {
		f := &p.Fields[i]
		text, preset := presets[f.Name]
		if !preset || f.Secret {
			text = typed[f.Name]
		}
		text, kinds := f.tidy(text)
		for _, kind := range kinds {
			notes = append(notes, Note{f.Name, kind})
		}
		if text == "" {
			text = f.Default
		}
		if text == "" {
			if !f.Optional {
				wrong[f.Name] = "this is needed"
			}
			continue
		}
		value, err := f.accept(text)
		switch {
		case err != nil:
			wrong[f.Name] = err.Error()
		case f.Secret:
			secrets[f.Name] = seal.NewSecret(value)
		default:
			values[f.Name] = value
		}
	}
	for name := range typed {
		if p.byName[name] == nil {
			wrong[name] = "there is no such field"
		}
	}
	if len(wrong) > 0 {
		return nil, nil, notes, wrong
	}
	return values, secrets, notes, nil
}

// unpack reads addresses that were entered where they do not fit: without a script on the page this is where a pasted address
// chooses a region and fills what else it tells. Nothing that fits is replaced.
func (p *Provider) unpack(typed map[string]string) (map[string]string, []Note) {
	var notes []Note
	out := maps.Clone(typed)
	for i := range p.Fields {
		f := &p.Fields[i]
		text, _ := f.tidy(typed[f.Name])
		if text == "" || f.Secret || len(text) > maxPaste {
			continue
		}
		accepted, err := f.accept(text)
		if err == nil && f.Format != "uri" { // an address may fit and yet say more than its field is to hold
			continue
		}
		found := p.address(text)
		if found[f.Name] == "" || found[f.Name] == accepted {
			continue
		}
		for j := range p.Fields {
			name := p.Fields[j].Name
			if value := found[name]; value != "" && (name == f.Name || strings.TrimSpace(out[name]) == "") {
				out[name] = value
				notes = append(notes, Note{name, Read})
			}
		}
	}
	return out, notes
}

// tidy takes off what is around a value by accident.
func (f *Field) tidy(text string) (string, []NoteKind) {
	var kinds []NoteKind
	clean := strings.Trim(text, " \t\r\n\u00a0\u200b\ufeff")
	if clean != text && strings.TrimRight(text, "\r\n") != clean { // a line end alone comes with every paste
		kinds = append(kinds, Trimmed)
	}
	if n := len(clean); n > 2 && (clean[0] == '"' && clean[n-1] == '"' || clean[0] == '\'' && clean[n-1] == '\'') && f.Format != "json" {
		clean = strings.TrimSpace(clean[1 : n-1])
		kinds = append(kinds, Unquoted)
	}
	return clean, kinds
}

// accept returns the value that a text stands for.
func (f *Field) accept(text string) (string, error) {
	if len(text) > maxValue || !utf8.ValidString(text) {
		return "", fmt.Errorf("this is longer than %d characters", maxValue)
	}
	if !f.Multiline && f.Format != "json" && f.Format != "pem" && strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("this holds line ends or other characters that do not print")
	}
	if len(f.Choices) > 0 {
		return f.choose(text)
	}
	if f.Prefix != "" {
		text = strings.TrimPrefix(text, f.Prefix)
	}
	if f.Suffix != "" {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "/"), f.Suffix)
	}
	text, err := f.form(text)
	if err != nil {
		return "", err
	}
	if f.pattern != nil && !f.pattern.MatchString(text) {
		if f.Example != "" {
			return "", fmt.Errorf("this does not look right; it looks like %s", f.Example)
		}
		return "", fmt.Errorf("this does not look right")
	}
	return text, nil
}

// choose takes a value, a label, what a label has in brackets, or what an address ends in.
func (f *Field) choose(text string) (string, error) {
	bare := strings.ToLower(strings.TrimPrefix(text, "."))
	for _, c := range f.Choices {
		if bare == strings.ToLower(c.Value) || bare == strings.ToLower(c.Label) {
			return c.Value, nil
		}
		if label, _, bracketed := strings.Cut(strings.ToLower(c.Label), " ("); bracketed && bare == label {
			return c.Value, nil
		}
	}
	labels := make([]string, len(f.Choices))
	for i, c := range f.Choices {
		labels[i] = c.Label
	}
	return "", fmt.Errorf("choose one of %s", strings.Join(labels, ", "))
}

var hostname = regexp.MustCompile(`^(?i)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$`)

// form checks a value against the field's format and returns it in its usual spelling.
func (f *Field) form(text string) (string, error) {
	switch f.Format {
	case "uuid":
		id, err := uuid.Parse(text)
		if err != nil || len(text) != 36 {
			return "", fmt.Errorf("this is no UUID: 32 digits from 0 to 9 and a to f, in groups of 8-4-4-4-12")
		}
		return id.String(), nil
	case "hostname":
		if u, err := url.Parse(text); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
			text = u.Host
		}
		if len(text) > 253 || !hostname.MatchString(text) {
			return "", fmt.Errorf("this is no host's name, such as tenant.example.com")
		}
		return strings.ToLower(text), nil
	case "uri":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(text, "\\ #") {
			return "", fmt.Errorf("this is no address; it begins with https://")
		}
		return strings.TrimRight(text, "/"), nil
	case "email":
		if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
			return "", fmt.Errorf("this is no e-mail address")
		}
	case "json":
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) != nil {
			return "", fmt.Errorf("this is no JSON; paste the whole file, from { to }")
		}
	case "pem":
		if block, _ := pem.Decode([]byte(text)); block == nil && !strings.HasPrefix(text, "{") {
			return "", fmt.Errorf("this is no key in PEM; paste all of it, from -----BEGIN to -----END")
		}
	}
	return text, nil
}
