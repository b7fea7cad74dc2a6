package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Fold is the form in which names and addresses are compared: that of filters, so that what an index finds matches.
func Fold(text string) string { return filter.Fold(text) }

const (
	maxUserName = 255
	maxText     = 1024
	maxAddress  = 254 // RFC 5321 §4.5.3.1.3, less the brackets
)

// validText refuses text that is too long or moves a cursor: it could forge a line in a log, a mail or a table.
func validText(field, text string, most int) error {
	if len(text) > 4*most || utf8.RuneCountInString(text) > most || !utf8.ValidString(text) {
		return fault.On(field, "at most %d characters", most)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
			return fault.On(field, "printable characters only")
		}
	}
	return nil
}

func validUserName(field, name string) error {
	if strings.TrimSpace(name) == "" {
		return fault.On(field, "a user has a user name")
	}
	if strings.ContainsAny(name, "\n\t") {
		return fault.On(field, "printable characters only")
	}
	return validText(field, name, maxUserName)
}

// validAddress refuses what is no bare address. It does not ask whether anybody reads mail there.
func validAddress(field, address string) error {
	at := strings.LastIndexByte(address, '@')
	switch {
	case at < 1 || at == len(address)-1 || len(address) > maxAddress:
		return fault.On(field, "an address looks like ann@example.com")
	case strings.ContainsAny(address, " \t\n<>()[],;:\\\"") || strings.Contains(address[:at], "@"):
		return fault.On(field, "an address is bare: without name, spaces, quotes and brackets")
	case strings.HasPrefix(address[at+1:], ".") || strings.HasSuffix(address, ".") || strings.Contains(address[at+1:], ".."):
		return fault.On(field, "an address looks like ann@example.com")
	}
	return validText(field, address, maxAddress)
}
