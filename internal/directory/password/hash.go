package password

import (
	"context"
	"net/netip"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Hasher makes and checks the hashes of passwords: argon2id (RFC 9106), with the parameters of [chosen.NewParams], on
// the workers of a [chosen.Checker], which bound how many run at a time and how many one network may ask for.
type Hasher struct {
	Checker *chosen.Checker
}

// Hash returns a new hash of a password as a PHC string. The password has to be [Normal]. source is who asks.
// [fault.Exhausted] over the quota of the source or with a full queue; [fault.Unavailable] when ctx ends while it waits.
func (h *Hasher) Hash(ctx context.Context, source netip.Addr, normal seal.Secret) (text seal.Secret, err error) {
	err = h.Checker.Run(ctx, source, func() { text = hash([]byte(normal.Reveal())) })
	return text, err
}

func hash(password []byte) seal.Secret {
	p := chosen.NewParams()
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
	err = h.Checker.Run(ctx, source, func() { right, upgrade = verify(stored, all) })
	return right, upgrade, err
}

func verify(stored *chosen.Imported, all [][]byte) (right bool, upgrade seal.Secret) {
	today := chosen.NewParams()
	for _, reading := range all {
		if stored != nil && !stored.Outdated(today) {
			right = stored.Verify(reading) || right
			continue
		}
		right = stored != nil && stored.Verify(reading) || right
		today.Derive(reading)
	}
	if right && stored.Outdated(today) {
		upgrade = hash(all[0])
	}
	return right, upgrade
}
