package password

import (
	"context"
	"net/netip"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Hasher makes and checks the hashes of passwords: argon2id (RFC 9106) on the workers of a [chosen.Checker], which bound
// how many run at a time and how many one network may ask for.
type Hasher struct {
	Checker *chosen.Checker
	// Params returns today's parameters with a new salt; nil is [chosen.NewParams]. Hashes made with others are replaced
	// when their owners come by.
	Params func() *chosen.Params
}

func (h *Hasher) today() *chosen.Params {
	if h.Params == nil {
		return chosen.NewParams()
	}
	return h.Params()
}

// Hash returns a new hash of a password as a PHC string. The password has to be [Normal]. source is who asks.
// [fault.Exhausted] over the quota of the source or with a full queue; [fault.Unavailable] when ctx ends while it waits.
func (h *Hasher) Hash(ctx context.Context, source netip.Addr, normal seal.Secret) (text seal.Secret, err error) {
	err = h.Checker.Run(ctx, source, func() { text = h.hash([]byte(normal.Reveal())) })
	return text, err
}

func (h *Hasher) hash(password []byte) seal.Secret {
	p := h.today()
	return seal.NewSecret(p.Text(p.Derive(password)))
}

// Verify reports whether stored is the hash of a password, and returns a new hash to replace it with if it was right and
// made otherwise than hashes are made today. A nil stored is somebody who has none.
//
// However a guess fails, one argon2id with today's parameters has been computed for each way to read the password: for
// somebody unknown and for somebody whose hash came from elsewhere, too. A dear hash from elsewhere takes longer by
// itself; that ends with its owner's first visit. Errors are those of [Hasher.Hash].
func (h *Hasher) Verify(ctx context.Context, source netip.Addr, stored *chosen.Imported, password seal.Secret) (right bool, upgrade seal.Secret, err error) {
	all := readings(password)
	if len(all) == 0 { // nobody's password, whoever it is: the time depends on the input alone
		return false, seal.Secret{}, nil
	}
	err = h.Checker.Run(ctx, source, func() { right, upgrade = h.verify(stored, all) })
	return right, upgrade, err
}

func (h *Hasher) verify(stored *chosen.Imported, all [][]byte) (right bool, upgrade seal.Secret) {
	today := h.today()
	if stored != nil && !stored.Outdated(today) {
		for _, reading := range all {
			right = stored.Verify(reading) || right
		}
		return right, upgrade
	}
	for i, reading := range all {
		right = stored != nil && stored.Verify(reading) || right
		// The first one is also what will be stored, so that a right guess takes no longer than a wrong one.
		if derived := today.Derive(reading); i == 0 {
			upgrade = seal.NewSecret(today.Text(derived))
		}
	}
	if !right {
		return false, seal.Secret{}
	}
	return true, upgrade
}
