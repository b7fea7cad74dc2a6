package filter

import "strings"

// Path says where in a resource a change is made (RFC 7644 §3.5.2).
type Path struct {
	// Attribute is an attribute of the resource or of an extension, or an extension as a whole.
	Attribute Attribute
	// Values chooses among its values; nil: all of them.
	Values Node
	// Sub is the sub-attribute that is meant, of the chosen values; its Path is empty if there is none.
	Sub Attribute
}

// Target is the attribute that the path ends at.
func (p *Path) Target() *Attribute {
	if p.Sub.Path != "" {
		return &p.Sub
	}
	return &p.Attribute
}

// Known reports whether the resource has what the path ends at.
func (p *Path) Known() bool { return p.Target().known }

// String returns the canonical form.
func (p *Path) String() string {
	if p.Values == nil {
		return p.Target().Path
	}
	path := p.Attribute.Path + "[" + text(p.Values) + "]"
	if p.Sub.Path != "" {
		path += "." + p.Sub.Name()
	}
	return path
}

// ParsePath reads a path: an attribute, its sub-attribute behind a dot, either behind the URN of their schema and a colon,
// an extension's URN alone, and brackets that choose among values, as in emails[type eq "work"].value. What the grammar
// does not allow is [fault.Invalid] on the field path. Whether the resource has the attribute, [Path.Known] says.
func ParsePath(text string, in Attributes) (Path, error) {
	p, err := newParser("path", text, in)
	if err != nil {
		return Path{}, err
	}
	var path Path
	if path, err = p.attributePath(); err != nil {
		return Path{}, err
	}
	if p.next() == '[' {
		if path.Sub.Path != "" {
			return Path{}, p.wrong("brackets come before the sub-attribute")
		}
		n, err := p.values(path.Attribute, 0)
		if err != nil {
			return Path{}, err
		}
		path.Values = n.(*Within).Node
		if err := p.behind(&path); err != nil {
			return Path{}, err
		}
	}
	if p.next() != 0 {
		return Path{}, p.wrong("the path goes on after its end")
	}
	return path, nil
}

// behind reads the sub-attribute behind brackets, if there is one.
func (p *parser) behind(path *Path) error {
	if p.at == len(p.text) || p.text[p.at] != '.' {
		return nil
	}
	p.at++
	w := p.word()
	if !isName(w) {
		return p.wrong("after brackets comes the name of a sub-attribute")
	}
	p.at += len(w)
	path.Sub = path.Attribute.Sub(p.in, w)
	return nil
}

// path reads the attribute that is compared, and says how it is written here.
func (p *parser) path() (a Attribute, label string, err error) {
	if p.within != nil {
		w := p.word()
		if !isName(w) {
			return a, "", p.wrong("between brackets stands the name of a sub-attribute")
		}
		a = p.within.Sub(p.in, w)
		label = a.Name()
		p.at += len(w)
		return a, label, p.open(&a)
	}
	path, err := p.attributePath()
	if err != nil {
		return a, "", err
	}
	if err := p.open(&path.Attribute); err != nil {
		return a, "", err
	}
	a = *path.Target()
	return a, a.Path, p.open(&a)
}

// open refuses to compare with what is never shown.
func (p *parser) open(a *Attribute) error {
	if a.Returned == "never" {
		return p.wrong("%s cannot be searched", a.Path)
	}
	return nil
}

// attributePath reads an attribute and takes its sub-attribute apart from it. The dot of a version in a URN is none of
// theirs, and a URN's last part is a name only if it is not part of the URN.
func (p *parser) attributePath() (Path, error) {
	w := p.word()
	if !isPath(w) {
		return Path{}, p.wrong("here stands the name of an attribute")
	}
	whole, known := lookup(p.in, w)
	colon := strings.LastIndexByte(w, ':')
	dot := strings.LastIndexByte(w, '.')
	if dot > colon {
		of, ok := lookup(p.in, w[:dot])
		switch {
		case ok && known:
			p.at += len(w)
			return Path{Attribute: of, Sub: whole}, nil
		case ok && isName(w[dot+1:]):
			p.at += len(w)
			return Path{Attribute: of, Sub: of.Sub(p.in, w[dot+1:])}, nil
		}
	}
	name, sub, dotted := strings.Cut(w[colon+1:], ".")
	if !known && (!isName(name) || dotted && !isName(sub)) {
		return Path{}, p.wrong("here stands the name of an attribute")
	}
	p.at += len(w)
	if known {
		return Path{Attribute: whole}, nil
	}
	if dotted {
		return Path{Attribute: Attribute{Path: w[:dot]}, Sub: Attribute{Path: w, Steps: []string{sub}}}, nil
	}
	return Path{Attribute: Attribute{Path: w}}, nil
}

// isName reports whether text is an attribute's name (RFC 7643 §2.1); $ref is one, too.
func isName(text string) bool {
	text = strings.TrimPrefix(text, "$")
	for i, r := range text {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return text != ""
}

// isPath reports whether text can be a name, dotted or behind a URN. Nothing in it needs quotes.
func isPath(text string) bool {
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:$/~+%", r) {
			return false
		}
	}
	return text != ""
}
