package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// RecoveryCodes is how many codes a user gets at a time.
const RecoveryCodes = 10

const (
	recoveryLength = 16 // characters of 5 random bits
	recoveryGroup  = 4
	// Nobody can take one of these for another when they are on paper.
	recoveryAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"
)

// recoverySet is what is sealed of a user's codes: a key of their own, and what they hash to under it. No root key's
// pepper is in it, so a set of many years hangs on none.
type recoverySet struct {
	Key  []byte   `json:"key"`
	MACs [][]byte `json:"macs"`
}

// newRecoverySet returns a set and the codes, as people write them down.
func newRecoverySet() (*recoverySet, []seal.Secret) {
	set := &recoverySet{Key: make([]byte, 32)}
	_, _ = rand.Read(set.Key) // never fails (crypto/rand)
	var codes []seal.Secret
	for range RecoveryCodes {
		var random [recoveryLength]byte
		_, _ = rand.Read(random[:])
		var code strings.Builder
		for i, b := range random {
			if i > 0 && i%recoveryGroup == 0 {
				code.WriteByte('-')
			}
			code.WriteByte(recoveryAlphabet[b%byte(len(recoveryAlphabet))])
		}
		codes = append(codes, seal.NewSecret(code.String()))
		set.MACs = append(set.MACs, set.mac(code.String()))
	}
	return set, codes
}

func (s *recoverySet) mac(code string) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte(strings.ToLower(typed(code))))
	return mac.Sum(nil)
}

// spend takes a code out of the set and reports whether it was there. It looks at all, so that the place of a code does
// not show in the time.
func (s *recoverySet) spend(code string) bool {
	if len(typed(code)) != recoveryLength {
		return false
	}
	mac, at := s.mac(code), -1
	for i, other := range s.MACs {
		if hmac.Equal(mac, other) {
			at = i
		}
	}
	if at < 0 {
		return false
	}
	s.MACs = slices.Delete(s.MACs, at, at+1)
	return true
}

func (s *recoverySet) text() ([]byte, error) { return json.Marshal(s) }

func parseRecoverySet(text []byte) (*recoverySet, error) {
	var s recoverySet
	if err := json.Unmarshal(text, &s); err != nil || len(s.Key) != 32 {
		return nil, errors.New("sealed recovery codes are not what this program writes") // the cause would quote them
	}
	return &s, nil
}
