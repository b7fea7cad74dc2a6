package directoryapi_test

import "github.com/counterfoil/counterfoil/internal/housetest"

// O is a JSON object.
type O = housetest.O

var (
	expect  = housetest.Expect
	about   = housetest.About
	items   = housetest.Items
	members = housetest.Members
)
