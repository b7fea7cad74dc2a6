package session

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Theme is what the page looks like.
type Theme struct {
	// Mode is light or dark; empty follows the browser.
	Mode string `json:"mode,omitempty"`
	// Light and Dark are colours of the two. What is empty is ours.
	Light Colors `json:"light,omitzero"`
	Dark  Colors `json:"dark,omitzero"`
}

// Colors are written #rrggbb.
type Colors struct {
	Background string `json:"background,omitempty"` // around the card
	Surface    string `json:"surface,omitempty"`    // the card
	Text       string `json:"text,omitempty"`
	Muted      string `json:"muted,omitempty"` // what explains
	Primary    string `json:"primary,omitempty"`
	// OnPrimary is text on the button; empty takes black or white, whichever can be read better.
	OnPrimary string `json:"on_primary,omitempty"`
}

// Ours are the colours of the page when nobody says otherwise.
var (
	OurLight = Colors{"#f6f5f1", "#ffffff", "#1d1f21", "#5c6166", "#1f5f4a", "#ffffff"}
	OurDark  = Colors{"#141617", "#1d2022", "#eceae4", "#a5a9ac", "#7fd1b2", "#10211b"}
)

var hex = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Over lays colours over others: what is empty in c is theirs. Text on a primary colour of one's own is black or white
// unless one says.
func (c Colors) Over(o Colors) Colors {
	if c.Primary != "" && c.OnPrimary == "" {
		c.OnPrimary = "#ffffff"
		if Contrast("#000000", c.Primary) > Contrast("#ffffff", c.Primary) {
			c.OnPrimary = "#000000"
		}
	}
	for _, part := range []struct {
		mine *string
		ours string
	}{
		{&c.Background, o.Background},
		{&c.Surface, o.Surface},
		{&c.Text, o.Text},
		{&c.Muted, o.Muted},
		{&c.Primary, o.Primary},
		{&c.OnPrimary, o.OnPrimary},
	} {
		if *part.mine == "" {
			*part.mine = part.ours
		}
	}
	return c
}

// Check refuses with [fault.Invalid] what is no colour – the page puts them into a style sheet – and returns warnings about
// colours that people with weak sight cannot tell apart (WCAG 2.2 §1.4.3 and §1.4.11).
func (t *Theme) Check() (warnings []string, err error) {
	if t.Mode != "" && t.Mode != "light" && t.Mode != "dark" {
		return nil, fault.On("theme.mode", "the mode is light or dark, or left out to follow the browser")
	}
	for _, set := range []struct {
		name       string
		mine, ours Colors
	}{
		{"light", t.Light, OurLight},
		{"dark", t.Dark, OurDark},
	} {
		m := set.mine
		for part, value := range map[string]string{
			"background": m.Background, "surface": m.Surface, "text": m.Text, "muted": m.Muted, "primary": m.Primary, "on_primary": m.OnPrimary,
		} {
			if value != "" && !hex.MatchString(value) {
				return nil, fault.On("theme."+set.name+"."+part, "%q is no colour, such as #1f5f4a", value)
			}
		}
		if m != (Colors{}) {
			warnings = append(warnings, m.Over(set.ours).weaknesses(set.name)...)
		}
	}
	return warnings, nil
}

func (c Colors) weaknesses(name string) (found []string) {
	for _, pair := range []struct {
		text, on   string
		what       string
		sufficient float64
	}{
		{c.Text, c.Surface, "text on surface", 4.5},
		{c.Muted, c.Surface, "muted on surface", 4.5},
		{c.OnPrimary, c.Primary, "on_primary on primary", 4.5},
		{c.Primary, c.Surface, "primary on surface", 4.5},
	} {
		if ratio := Contrast(pair.text, pair.on); ratio < pair.sufficient {
			found = append(found, fmt.Sprintf("theme.%s: %s has a contrast of %.1f to 1, less than %.1f: hard to read for many", name, pair.what, ratio, pair.sufficient))
		}
	}
	return found
}

// Contrast is that of two colours, 1 to 21 (WCAG 2.2, contrast ratio). Both are written #rrggbb.
func Contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of a colour in sRGB (WCAG 2.2).
func luminance(color string) float64 {
	n, _ := strconv.ParseUint(color[1:], 16, 32)
	light := 0.0
	for i, weight := range [3]float64{0.0722, 0.7152, 0.2126} {
		v := float64(n>>(8*i)&0xff) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		light += weight * v
	}
	return light
}
