package password

import (
	"strings"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// New is a password as it comes in: either itself or another system's hash of it.
type New struct {
	Password seal.Secret
	// Hash, Format and Salt are for [ParseHash].
	Hash   seal.Secret
	Format Format
	Salt   seal.Secret
	// Temporary makes its owner choose another one at the next sign-in.
	Temporary bool
	// Unchecked lets an administrator set what the policy and the list of breached ones refuse.
	Unchecked bool
}

// Format names how a hash from elsewhere is written.
type Format string

// The formats. Recognised is for hashes that say it themselves, which is all but the two with a salt beside them.
const (
	Recognised Format = ""
	SaltSHA256 Format = "salt+sha256" // SHA-256 of salt and password
	SHA256Salt Format = "sha256+salt" // SHA-256 of password and salt
	SHA256     Format = "sha256"
	Bcrypt     Format = "bcrypt"
	PBKDF2     Format = "pbkdf2"
	SSHA       Format = "ssha"
	Argon2id   Format = "argon2id"
)

// Formats lists all that have a name.
func Formats() []Format {
	return []Format{SaltSHA256, SHA256Salt, SHA256, Bcrypt, PBKDF2, SSHA, Argon2id}
}

// ParseHash reads a hash of a password from another system: see [chosen.ParsePassword] for those that say what they are,
// and [chosen.ParseSalted] for those with a salt beside them. [fault.Invalid] on hash, format or salt.
func ParseHash(format Format, text, salt seal.Secret) (*chosen.Imported, error) {
	switch format {
	case SaltSHA256, SHA256Salt:
		return chosen.ParseSalted(text.Reveal(), salt.Reveal(), format == SaltSHA256)
	case Recognised, SHA256, Bcrypt, PBKDF2, SSHA, Argon2id:
	default:
		return nil, fault.On("format", "there is no format %q", string(format))
	}
	if !salt.Empty() {
		return nil, fault.On("salt", "a salt goes with the formats %s and %s; other hashes contain theirs", SaltSHA256, SHA256Salt)
	}
	h, err := chosen.ParsePassword(text.Reveal())
	if err != nil {
		return nil, err
	}
	if format != Recognised && format != formatOf(h, text) {
		return nil, fault.On("format", "the hash is not %s but looks like %s", format, formatOf(h, text))
	}
	return h, nil
}

func formatOf(h *chosen.Imported, text seal.Secret) Format {
	switch scheme := string(h.Scheme()); {
	case strings.HasPrefix(scheme, "pbkdf2"):
		return PBKDF2
	case strings.HasPrefix(text.Reveal(), "{"):
		return SSHA
	default:
		return Format(scheme)
	}
}
