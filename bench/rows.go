package main

import "context"

// row is one line of the table: a server and a kind of request.
type row struct {
	name    string
	against string // the row that this one is divided by, in the same round; empty: a reference
	bar     float64
	aim     float64
	load    func(ctx context.Context, atMost int) (load, error) // atMost: how many requests a cell can use up
}

// rows lists what is measured, each reference directly before the rows that are divided by it. The order within a
// round is the order here.
func (b *bench) rows(people *population) []row {
	fixed := func(l load) func(context.Context, int) (load, error) {
		return func(context.Context, int) (load, error) { return l, nil }
	}
	asToken := request{authorization: basic(limitClient, limitSecret), body: tokenForm("handle:use")}
	rows := []row{
		{name: "floor", load: fixed(load{server: b.floor, path: "/", expect: `"floor"`})},
		{name: "floor, sent a token request", load: fixed(load{
			server: b.floor, path: "/", requests: []request{asToken}, probe: asToken, expect: `"floor"`,
		})},
	}
	if b.house != nil {
		rows = append(rows,
			row{"fresh token of a connection", "floor", 0.50, 0.60, b.linkLoad("/api/v1/connect/connections/"+people.links.token+"/token", `"access_token"`, "")},
			row{"token handle", "floor", 0.55, 0.68, fixed(b.tokenLoad(b.house, people, "handle"))},
			row{"token handle, chosen secret", "floor", 0.55, 0.68, b.chosenLoad(people)},
			row{"introspect handle", "floor", 0.50, 0.70, b.warmLoad(people, "handle")},
			row{"introspect JWT warm", "floor", 0.50, 0.70, b.warmLoad(people, "es256")},
		)
	}
	for _, a := range []struct{ alg, api string }{{"ES256", "es256"}, {"EdDSA", "eddsa"}} {
		limit := b.limits[a.alg]
		sign := request{authorization: basic(limitClient, limitSecret), body: tokenForm(a.api + ":use")}
		rows = append(rows, row{name: "limit sign " + a.alg, load: fixed(load{
			server: limit, path: "/oauth2/token", requests: []request{sign}, probe: sign, expect: `"access_token"`,
		})})
		if b.house != nil {
			rows = append(rows, row{"token JWT " + a.alg, "limit sign " + a.alg, 0.75, 0.90, fixed(b.tokenLoad(b.house, people, a.api))})
		}
		rows = append(rows, row{name: "limit verify " + a.alg, load: limitVerifyLoad(limit, sign)})
		if b.house != nil && a.alg == "ES256" {
			rows = append(rows, b.kindRows(people, "limit verify ES256")...)
		}
		if b.house != nil {
			rows = append(rows, row{"introspect JWT cold " + a.alg, "limit verify " + a.alg, 0.75, 0.90, b.coldLoad(people, a.api)})
		}
	}
	return rows
}

// tokenLoad asks for tokens as all clients in turn.
func (b *bench) tokenLoad(h *house, people *population, api string) load {
	l := load{server: h.process, path: "/oauth2/token", expect: `"access_token"`}
	for _, client := range people.clients {
		l.requests = append(l.requests, request{authorization: client, body: tokenForm(api + ":use")})
	}
	l.probe = l.requests[0]
	return l
}

// warmLoad introspects the same thousand tokens, one of each client, again and again. They are asked for once; all are
// shown before every cell, because the cold rows in between may have driven them out of the server's memory.
func (b *bench) warmLoad(people *population, api string) func(context.Context, int) (load, error) {
	var l load
	return func(ctx context.Context, _ int) (load, error) {
		if l.requests == nil {
			var err error
			if l, err = b.introspection(ctx, people, api, clientCount); err != nil {
				return l, err
			}
		}
		for _, l.probe = range l.requests {
			if err := l.check(); err != nil {
				return l, err
			}
		}
		return l, nil
	}
}

// coldLoad introspects tokens that the server has issued but never been shown: a fresh set for every cell, none of
// them sent twice. What the server remembers of verified tokens cannot help it.
func (b *bench) coldLoad(people *population, api string) func(context.Context, int) (load, error) {
	return func(ctx context.Context, atMost int) (load, error) {
		l, err := b.introspection(ctx, people, api, atMost+1)
		if err == nil {
			l.once, l.requests = true, l.requests[1:] // the probe's token is no longer cold
		}
		return l, err
	}
}

func (b *bench) introspection(ctx context.Context, people *population, api string, n int) (load, error) {
	l := load{server: b.house.process, path: "/oauth2/introspect", expect: `"active":true`}
	tokens, err := b.house.tokens(ctx, people, api, n)
	if err != nil {
		return l, err
	}
	for _, token := range tokens {
		l.requests = append(l.requests, request{authorization: people.gateway, body: "token=" + token})
	}
	l.probe = l.requests[0]
	return l, nil
}

// limitVerifyLoad shows the limit server one token of its own. It remembers nothing, so one is enough.
func limitVerifyLoad(limit *process, sign request) func(context.Context, int) (load, error) {
	return func(ctx context.Context, _ int) (load, error) {
		token, err := (&house{process: limit}).token(ctx, sign)
		show := request{authorization: sign.authorization, body: "token=" + token}
		return load{
			server: limit, path: "/oauth2/introspect", requests: []request{show}, probe: show, expect: `"active":true`,
		}, err
	}
}

// selected keeps the rows that -only names, and what they are divided by.
func (o options) selected(all []row) []row {
	wanted := map[string]bool{}
	for _, r := range all {
		if o.only.MatchString(r.name) {
			wanted[r.name], wanted[r.against] = true, true
		}
	}
	var rows []row
	for _, r := range all {
		if wanted[r.name] {
			rows = append(rows, r)
		}
	}
	return rows
}

// compare measures every row at every concurrency, round after round, so that a spell of bad weather on the machine
// falls on a row and its reference alike.
func (b *bench) compare(ctx context.Context) error {
	rows := b.selected(b.rows(b.people))
	if len(rows) == 0 {
		return nil
	}
	if b.seconds > 1 {
		b.say("warming up")
		if err := b.round(ctx, rows, 16, 1, func(cell) {}); err != nil {
			return err
		}
	}
	for n := range b.rounds {
		for _, c := range b.concurrency {
			b.say("round %d of %d, %d connections", n+1, b.rounds, c)
			err := b.round(ctx, rows, c, b.seconds, func(measured cell) {
				measured.Round = n + 1
				b.report.Cells = append(b.report.Cells, measured)
			})
			if err != nil {
				return err
			}
		}
	}
	b.report.compare(rows)
	return nil
}

// round measures each row once. A cell that other programs disturbed is measured again, up to three times in all.
func (b *bench) round(ctx context.Context, rows []row, concurrency, seconds int, keep func(cell)) error {
	const attempts = 3
	done := map[string]cell{}
	for _, r := range rows {
		var measured cell
		for range attempts {
			var err error
			if measured, err = b.cell(ctx, r, done[r.against], concurrency, seconds); err != nil {
				return err
			}
			if !measured.disturbed() {
				break
			}
		}
		done[r.name] = measured
		keep(measured)
	}
	return nil
}

// cell measures one row.
func (b *bench) cell(ctx context.Context, r row, reference cell, concurrency, seconds int) (cell, error) {
	// A row cannot be faster than what it is divided by, give or take the weather.
	l, err := r.load(ctx, reference.Requests*13/10+2000)
	if err != nil {
		return cell{}, err
	}
	measured, err := b.run(ctx, l, concurrency, seconds)
	measured.Row, measured.Against = r.name, r.against
	if l.once && measured.Rate > 1.25*reference.Rate {
		measured.Invalid = "much faster than the verification it contains: these tokens were not cold"
	}
	return measured, err
}
