package proof

import (
	"fmt"

	"github.com/counterfoil/counterfoil/internal/db"
)

// ParseLayers reads the peppers of a stored hash; what is no secret wears none.
func ParseLayers(text string) (l Layers, err error) {
	versions, err := db.Numbers(text)
	if err != nil || len(versions) > MaxLayers {
		return l, fmt.Errorf("a secret with the peppers %q cannot be read", text)
	}
	for i, v := range versions {
		l[i] = uint16(v)
	}
	return l, nil
}

// Text is the form in which rows keep layers.
func (l Layers) Text() string {
	var versions []uint32
	for _, v := range l {
		if v != 0 {
			versions = append(versions, uint32(v))
		}
	}
	return db.NumbersText(versions)
}
