package db_test

import (
	"math"
	"slices"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
)

func TestNumbersComeBackAsTheyWere(t *testing.T) {
	for _, want := range [][]uint32{nil, {0}, {1, 5, 9}, {9, 5, 1, 1}, {math.MaxUint32}} {
		if got, err := db.Numbers(db.NumbersText(want)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v comes back as %v (%v)", want, got, err)
		}
	}
	if got, err := db.Numbers(""); err != nil || len(got) != 0 {
		t.Errorf("empty text is %v (%v)", got, err)
	}
}

func TestTextThatIsNoListOfNumbersIsAnError(t *testing.T) {
	for _, text := range []string{"1,2", "[1,2", "1,2]", "[1,,2]", "[-1]", "[4294967296]", "[1.5]", "[ 1 ]", "null", "[[1]]"} {
		if got, err := db.Numbers(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
