package client

import (
	"context"
	"iter"
	"time"
)

// Population is a set of users that somebody looks after. Every user is in exactly one.
type Population struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Default marks the one that new users are in unless somebody says otherwise.
	Default   bool      `json:"default"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// NewPopulation describes a population to be made. Name is required.
type NewPopulation struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// PopulationChange changes a population.
type PopulationChange struct {
	Name        Field[string] `json:"name,omitzero"`
	Description Field[string] `json:"description,omitzero"`
}

// Populations lists the populations that the caller may see. Needs populations:read.
func (c *Client) Populations(ctx context.Context) iter.Seq2[*Population, error] {
	return pages[Population](ctx, c, at("populations"), nil)
}

// CreatePopulation makes a population. Needs populations:write.
func (c *Client) CreatePopulation(ctx context.Context, p NewPopulation, options ...CallOption) (*Population, error) {
	return create[Population](ctx, c, at("populations"), p, options)
}

// Population returns the population with this id. Needs populations:read.
func (c *Client) Population(ctx context.Context, id string) (*Population, error) {
	return get[Population](ctx, c, at("populations", id))
}

// UpdatePopulation changes a population. Needs populations:write.
func (c *Client) UpdatePopulation(ctx context.Context, id string, p PopulationChange, options ...CallOption) (*Population, error) {
	return change[Population](ctx, c, at("populations", id), p, options)
}

// DeletePopulation deletes a population in which nobody is. Needs populations:write.
func (c *Client) DeletePopulation(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("populations", id), options)
}
