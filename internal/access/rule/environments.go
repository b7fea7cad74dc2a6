package rule

import "github.com/counterfoil/counterfoil/internal/access"

// environments are about an environment and what it is made of.
var environments = []Rule{
	may("GET /environments", access.ReadEnvironments),
	may("POST /environments", access.WriteEnvironments),
	may("GET /environments/{environment}", access.ReadEnvironments),
	may("PATCH /environments/{environment}", access.WriteEnvironments),
	may("POST /environments/{environment}/disable", access.WriteEnvironments),
	may("POST /environments/{environment}/enable", access.WriteEnvironments),
	may("GET /apis", access.ReadAPIs),
	may("POST /apis", access.WriteAPIs),
	may("GET /apis/{api}", access.ReadAPIs),
	may("PATCH /apis/{api}", access.WriteAPIs),
	may("DELETE /apis/{api}", access.WriteAPIs),
	may("POST /apis/{api}/disable", access.WriteAPIs),
	may("POST /apis/{api}/enable", access.WriteAPIs),
	may("GET /policy", access.ReadPolicy),
	may("PATCH /policy", access.WritePolicy),
	may("POST /policy/check", access.ReadCredentials).because("the answer names credentials"),
	may("GET /keys", access.ReadKeys),
	may("POST /keys/rotate", access.WriteKeys),
	may("POST /keys/{key}/withdraw", access.WriteKeys),
	may("GET /ledger/checkpoints", access.ReadLedger),
	may("POST /ledger/checkpoints", access.WriteKeys).because("a checkpoint is signed with a key of the environment"),
	may("GET /ledger/events", access.ReadLedger),
	may("GET /ledger/export", access.ReadLedger).because("no more than the events say, but all at once: a person proves anew who they are, and the ledger notes it"),
	may("GET /ledger/head", access.ReadLedger),
	may("POST /ledger/verify", access.ReadLedger).because("the proof says nothing that the events and checkpoints do not"),
	may("GET /ledger/stream", access.ReadLedger).because("asked again before every batch, so a stream ends with the authority that opened it"),
	mayIfAny(
		"POST /search",
		access.ReadApplications,
		access.ReadCredentials,
		access.ReadUsers,
		access.ReadGroups,
		access.ReadConnections,
	).because("each kind of thing is searched only if the caller may read it, and nothing is changed"),
	may("POST /tokens/inspect", access.IntrospectTokens),
	may("POST /tokens/revoke", access.RevokeTokens),
	may("GET /installation/diagnosis", access.ReadInstallation),
}
