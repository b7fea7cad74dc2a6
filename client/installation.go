package client

import "context"

// Diagnosis is what an installation finds wrong with itself.
type Diagnosis struct {
	Version string `json:"version"`
	// Engine is "sqlite" or "postgres".
	Engine string  `json:"engine"`
	Checks []Check `json:"checks"`
}

// Check is one finding.
type Check struct {
	Name string `json:"name"`
	// Status is "ok", "warning" or "failure".
	Status string `json:"status"`
	Detail string `json:"detail"`
	// Remedy is the command or the setting that mends it; empty when there is nothing to mend.
	Remedy string `json:"remedy,omitempty"`
}

// Diagnosis asks the node that answers to examine itself and the installation. Needs installation:read.
func (c *Client) Diagnosis(ctx context.Context) (*Diagnosis, error) {
	return get[Diagnosis](ctx, c, at("installation", "diagnosis"))
}
