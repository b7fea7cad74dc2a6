package connectapi

import (
	"strings"

	"github.com/counterfoil/counterfoil/internal/connect/session"
)

// signals are the colours of what went well, is doubtful or failed, on a light surface and on a dark one.
const (
	onLight = "--good:#1a6b43;--doubt:#855000;--wrong:#a3201c;"
	onDark  = "--good:#7fd1a5;--doubt:#f2c26b;--wrong:#ff9d94;"
)

// colorsOf is the style sheet with the colours of a theme. It is made of what [session.Theme.Check] let through, and of
// words of ours.
func colorsOf(t session.Theme) string {
	light, dark := set(t.Light.Over(session.OurLight)), set(t.Dark.Over(session.OurDark))
	switch t.Mode {
	case "light":
		return ":root{color-scheme:light;" + light + "}"
	case "dark":
		return ":root{color-scheme:dark;" + dark + "}"
	}
	return ":root{color-scheme:light dark;" + light + "}@media (prefers-color-scheme:dark){:root{" + dark + "}}"
}

func set(c session.Colors) string {
	var b strings.Builder
	for _, part := range [][2]string{
		{"paper", c.Background},
		{"card", c.Surface},
		{"ink", c.Text},
		{"soft", c.Muted},
		{"accent", c.Primary},
		{"on", c.OnPrimary},
	} {
		b.WriteString("--" + part[0] + ":" + part[1] + ";")
	}
	if session.Contrast("#ffffff", c.Surface) > session.Contrast("#000000", c.Surface) {
		return b.String() + onDark
	}
	return b.String() + onLight
}
