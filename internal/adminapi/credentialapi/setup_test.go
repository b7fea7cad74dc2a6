package credentialapi_test

import "github.com/counterfoil/counterfoil/internal/housetest"

// O is a JSON object.
type O = housetest.O

var (
	expect  = housetest.Expect
	members = housetest.Members
)
