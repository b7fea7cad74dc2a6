package provider

import (
	"encoding/json"
	"strings"
)

// maxPaste bounds what is looked at of a pasted text, in bytes.
const maxPaste = 32 << 10

// Pasted returns what a pasted text tells of the fields: an address of the provider's, as its patterns know them, or lines
// of NAME=value, or a JSON object whose members are called as fields are. Values that do not fit their field are left
// out; nothing that fits gives no fields.
func (p *Provider) Pasted(text string) map[string]string {
	found := map[string]string{}
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxPaste {
		return found
	}
	if told := p.address(text); told != nil {
		return told
	}
	var object map[string]any
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &object) == nil {
		for key, value := range object {
			if value, ok := value.(string); ok {
				p.put(found, key, value)
			}
		}
		return found
	}
	if !strings.Contains(text, "=") {
		return found
	}
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			p.put(found, key, value)
		}
	}
	return found
}

// address returns what an address of the provider's tells, or nil if it is none.
func (p *Provider) address(text string) map[string]string {
	for _, pattern := range p.paste {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		found := map[string]string{}
		for i, name := range pattern.SubexpNames() {
			if name != "" && m[i] != "" {
				p.put(found, name, m[i])
			}
		}
		return found
	}
	return nil
}

// put takes a value for the field that a name stands for: CLIENT_ID, clientId and ACME_CLIENT_ID are client_id.
func (p *Provider) put(found map[string]string, name, value string) {
	f := p.named(name)
	if f == nil {
		return
	}
	value, _ = f.tidy(value)
	if accepted, err := f.accept(value); err == nil && value != "" {
		found[f.Name] = accepted
	}
}

func (p *Provider) named(name string) *Field {
	bare := squeeze(name)
	var best *Field
	for i := range p.Fields {
		f := &p.Fields[i]
		if key := squeeze(f.Name); bare == key || strings.HasSuffix(bare, key) && (best == nil || len(best.Name) < len(f.Name)) {
			best = f
			if bare == key {
				return f
			}
		}
	}
	return best
}

// squeeze leaves of a name what all its spellings have in common.
func squeeze(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}
