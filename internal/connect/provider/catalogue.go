package provider

// Catalogue is what providers are known.
type Catalogue struct{}

// Get returns the provider called name, or nil.
func (c *Catalogue) Get(string) *Provider { return nil }

// Field returns the field called name, or nil.
func (p *Provider) Field(name string) *Field {
	for i := range p.Fields {
		if p.Fields[i].Name == name {
			return &p.Fields[i]
		}
	}
	return nil
}
