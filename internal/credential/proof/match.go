package proof

import (
	"crypto/subtle"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// MaxLayers bounds how many peppers a stored hash is wrapped in: the one it was made with and two rotations.
const MaxLayers = 3

// Layers are the versions of the peppers that a stored hash is wrapped in, innermost first; 0 is none.
type Layers [MaxLayers]uint16

// Means is what the token path must do to recognise a credential.
type Means uint8

// The means.
const (
	ByGenerated Means = iota
	ByChosen
	ByImported
	ByCertificate
	ByKey
	ByTrust
)

// Candidate is what the token path knows of one credential.
type Candidate struct {
	ID      uuid.UUID
	Means   Means
	MAC     [32]byte
	Layers  Layers
	Enabled bool
	Epoch   uint32
	// NotBefore and Expires are microseconds since 1970; 0 is no bound.
	NotBefore, Expires int64
	Families           access.Families
	// Narrowed says that Permissions, sorted numbers, bound the credential; else the application's do.
	Narrowed    bool
	Permissions []uint32
	// Aside is what most credentials have nothing of; nil then.
	Aside *Aside
}

// Aside is what few credentials have, kept out of the flat table of the many. It is immutable.
type Aside struct {
	Networks access.Networks
	Proof    Proof
	// StartsGrace says that the first use of the credential begins the grace of the one that it replaces.
	StartsGrace bool
}

// NewAside reads what rows keep of an aside. grace is -1 where the first use starts none.
func NewAside(networks, proof string, grace int64) (a *Aside, err error) {
	a = &Aside{StartsGrace: grace >= 0}
	if a.Networks, err = access.NetworksFromText(networks); err != nil {
		return nil, err
	}
	a.Proof, err = Parse(proof)
	return a, err
}

// Networks are where the credential may be used from; none is anywhere.
func (c *Candidate) Networks() access.Networks {
	if c.Aside == nil {
		return nil
	}
	return c.Aside.Networks
}

// Match returns the candidate whose generated secret this is, or nil. It compares with every candidate in constant
// time, whether they are usable or not: only who presents the right secret may learn that it has expired.
func Match(peppers *seal.Peppers, environment, application uuid.UUID, secret []byte, candidates []Candidate) *Candidate {
	if !WellFormed(secret) {
		return nil
	}
	return match(peppers, environment, application, ByGenerated, secret, candidates)
}

// MatchDerived is [Match] for a chosen secret, by what [chosen.Params.Derive] made of it.
func MatchDerived(peppers *seal.Peppers, environment, application uuid.UUID, derived [32]byte, candidates []Candidate) *Candidate {
	return match(peppers, environment, application, ByChosen, derived[:], candidates)
}

func match(peppers *seal.Peppers, environment, application uuid.UUID, by Means, input []byte, candidates []Candidate) *Candidate {
	var found *Candidate
	var layers Layers
	var mac [32]byte
	known := false
	for i := range candidates {
		c := &candidates[i]
		if c.Means != by {
			continue
		}
		if !known || c.Layers != layers {
			layers = c.Layers
			if known = Wrap(peppers, &mac, layers, environment, application, input); !known {
				continue
			}
		}
		if subtle.ConstantTimeCompare(mac[:], c.MAC[:]) == 1 {
			found = c
		}
	}
	return found
}

// Wrap computes the stored form of a secret: the keyed hash over environment, application and secret under the
// innermost pepper, then a keyed hash of that under each further one. Environment and application are of fixed
// length, so the parts cannot be shifted into one another. It fails when a pepper is missing.
func Wrap(peppers *seal.Peppers, mac *[32]byte, layers Layers, environment, application uuid.UUID, secret []byte) bool {
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
