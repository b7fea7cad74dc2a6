package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// patience is how long a server may take to get ready.
const patience = time.Minute

// prepare starts the servers. Counterfoil comes first: the others get its runtime settings.
func (b *bench) prepare(ctx context.Context) error {
	b.limits = map[string]*process{}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var env []string
	if b.server != "" {
		if err := b.startFar(ctx, self); err != nil {
			return err
		}
		if err := b.furnish(ctx); err != nil {
			return err
		}
		s, err := b.house.settings()
		if err != nil {
			return err
		}
		env, b.report.Processes = s.environment(), append(b.report.Processes, s)
	}
	reference := func(name string, args ...string) (*process, error) {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		p, err := start(b.work, name, "http://"+address, env, self, append(args, "-listen", address)...)
		if err != nil {
			return nil, err
		}
		b.references = append(b.references, p)
		if err := p.await(ctx, "/metrics", patience); err != nil {
			return nil, err
		}
		s, err := p.settings()
		b.report.Processes = append(b.report.Processes, s)
		return p, err
	}
	if b.floor, err = reference("floor", "serve-floor"); err != nil {
		return err
	}
	if b.far != nil {
		if b.bare, err = reference(bareRow, "serve-bare", "-far", b.far.address, "-root", b.far.root); err != nil {
			return err
		}
	}
	for _, alg := range []string{"ES256", "EdDSA"} {
		if b.limits[alg], err = reference("limit "+alg, "serve-limit", "-alg", alg); err != nil {
			return err
		}
	}
	return nil
}

// furnish starts Counterfoil, creates its clients, and lays a copy of its data aside for the scale rows while
// it is stopped.
func (b *bench) furnish(ctx context.Context) error {
	b.say("creating %d clients over the API", clientCount)
	data := filepath.Join(b.work, "data")
	first, err := b.startHouse(ctx, "counterfoil", data)
	if err != nil {
		return err
	}
	b.people, err = b.populate(ctx, first)
	first.stop()
	if err != nil {
		return err
	}
	if err := copyData(ctx, data, b.pristine()); err != nil {
		return err
	}
	b.house, err = b.startHouse(ctx, "counterfoil", data)
	return err
}

// pristine is the copy: a thousand clients, no token ever issued.
func (b *bench) pristine() string { return filepath.Join(b.work, "pristine") }
