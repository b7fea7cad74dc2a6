package rule

import "github.com/counterfoil/counterfoil/internal/access"

// passes is a row of the proxy, for one method.
func passes(method string) Rule {
	r := row(Connect, "", method+" /connect/proxy/{path...}")
	r.Permission = access.UseConnections
	return r.because("what goes through is sent with the credential of the connection that a header names; its connector may narrow it")
}

// connections are about other people's systems, which customers let an environment into.
var connections = []Rule{
	may("GET /connect/providers", access.ReadConnections),
	may("GET /connect/providers/{provider}", access.ReadConnections),
	may("POST /connect/providers/{provider}/test", access.WriteConnections).because("it calls the provider with what was entered, and keeps nothing"),
	may("POST /connect/providers/{provider}/stop", access.WriteConnections),
	may("POST /connect/providers/{provider}/resume", access.WriteConnections),
	may("GET /connect/connectors", access.ReadConnections),
	may("POST /connect/connectors", access.WriteConnections),
	may("GET /connect/connectors/{connector}", access.ReadConnections),
	may("PATCH /connect/connectors/{connector}", access.WriteConnections),
	may("DELETE /connect/connectors/{connector}", access.WriteConnections),
	may("POST /connect/connectors/{connector}/disable", access.WriteConnections),
	may("POST /connect/connectors/{connector}/enable", access.WriteConnections),
	may("GET /connect/connections", access.ReadConnections),
	may("POST /connect/connections", access.WriteConnections).because("what was entered elsewhere; it is tried out before it is kept"),
	may("GET /connect/connections/{connection}", access.ReadConnections),
	may("PATCH /connect/connections/{connection}", access.WriteConnections),
	may("DELETE /connect/connections/{connection}", access.WriteConnections),
	may("GET /connect/connections/{connection}/callers", access.ReadConnections),
	may("POST /connect/connections/{connection}/disable", access.WriteConnections),
	may("POST /connect/connections/{connection}/enable", access.WriteConnections),
	may("POST /connect/connections/{connection}/test", access.WriteConnections).because("it calls the provider"),
	may("POST /connect/connections/{connection}/refresh", access.WriteConnections).because("it calls the provider"),
	may("POST /connect/connections/{connection}/reveal", access.RevealConnections).because("besides, the token must be at most five minutes old; programs need tokens, not secrets"),
	may("GET /connect/connections/{connection}/token", access.UseConnections),
	may("GET /connect/sessions", access.ReadConnections),
	may("POST /connect/sessions", access.WriteConnections),
	may("GET /connect/sessions/{connect_session}", access.ReadConnections),
	may("DELETE /connect/sessions/{connect_session}", access.WriteConnections),
	passes("GET"),
	passes("POST"),
	passes("PUT"),
	passes("PATCH"),
	passes("DELETE"),
}
