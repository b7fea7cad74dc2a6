package credential

import (
	"crypto/subtle"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// MaxLayers bounds how many peppers a stored hash is wrapped in: the one it was made with and two rotations.
const MaxLayers = 3

// Layers are the versions of the peppers that a stored hash is wrapped in, innermost first; 0 is none.
type Layers [MaxLayers]uint16

// Candidate is what the token path knows of one secret.
type Candidate struct {
	ID      uuid.UUID
	MAC     [32]byte
	Layers  Layers
	Enabled bool
	Epoch   uint32
	// NotBefore and Expires are microseconds since 1970; 0 is no bound.
	NotBefore, Expires int64
	// Narrowed says that Permissions, sorted numbers, bound the credential; else the application's do.
	Narrowed    bool
	Permissions []uint32
}

// Match returns the candidate whose secret this is, or nil. It compares with every candidate in constant time,
// whether they are usable or not: only who presents the right secret may learn that it has expired.
func Match(peppers *seal.Peppers, environment, application uuid.UUID, secret []byte, candidates []Candidate) *Candidate {
	if !WellFormed(secret) {
		return nil
	}
	var found *Candidate
	var layers Layers
	var mac [32]byte
	known := false
	for i := range candidates {
		c := &candidates[i]
		if !known || c.Layers != layers {
			layers = c.Layers
			if known = wrap(peppers, &mac, layers, environment, application, secret); !known {
				continue
			}
		}
		if subtle.ConstantTimeCompare(mac[:], c.MAC[:]) == 1 {
			found = c
		}
	}
	return found
}

// wrap computes the stored form of a secret: the keyed hash over environment, application and secret under the
// innermost pepper, then a keyed hash of that under each further one. Environment and application are of fixed
// length, so the parts cannot be shifted into one another. It fails when a pepper is missing.
func wrap(peppers *seal.Peppers, mac *[32]byte, layers Layers, environment, application uuid.UUID, secret []byte) bool {
	if _, ok := peppers.MAC(int64(layers[0]), mac[:0], environment[:], application[:], secret); !ok {
		return false
	}
	for _, version := range layers[1:] {
		if version == 0 {
			return true
		}
		inner := *mac
		if _, ok := peppers.MAC(int64(version), mac[:0], inner[:]); !ok {
			return false
		}
	}
	return true
}
