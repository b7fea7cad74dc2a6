package adminapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Diagnosis is what an installation finds out about itself.
type Diagnosis struct {
	Version string  `json:"version"`
	Engine  string  `json:"engine" enum:"sqlite,postgres"`
	Checks  []Check `json:"checks" nullable:"false"`
}

// Check is one finding.
type Check struct {
	Name   string `json:"name"`
	Status string `json:"status" enum:"ok,warning,failure"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty" doc:"The command or setting that mends it."`
}

func (d *Door) installationOperations(api huma.API) {
	huma.Register(api, rest.Operation("GET /installation/diagnosis", "diagnose", "Examine the installation"), d.diagnose)
}

// errNotHome hides the machine from the environments on it, which may be strangers to each other.
var errNotHome = fault.New(fault.Denied, "the installation is examined from the default environment")

func (d *Door) diagnose(ctx context.Context, _ *struct{}) (*struct{ Body Diagnosis }, error) {
	if !rest.CallOf(ctx).Actor.Home {
		return nil, errNotHome
	}
	checks := append([]Check{}, d.Diagnose(ctx)...)
	return &struct{ Body Diagnosis }{Diagnosis{d.Version, string(d.DB.Engine()), checks}}, nil
}
