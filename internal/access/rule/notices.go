package rule

import "github.com/counterfoil/counterfoil/internal/access"

// notices are about webhooks and mail.
var notices = []Rule{
	may("GET /webhooks", access.ReadWebhooks),
	may("POST /webhooks", access.WriteWebhooks).and(access.ReadLedger).because("whoever points a webhook somewhere reads the ledger there"),
	may("GET /webhooks/{webhook}", access.ReadWebhooks),
	may("PATCH /webhooks/{webhook}", access.WriteWebhooks).and(access.ReadLedger).because("whoever points a webhook somewhere reads the ledger there"),
	may("DELETE /webhooks/{webhook}", access.WriteWebhooks),
	may("GET /webhooks/{webhook}/deliveries", access.ReadWebhooks),
	may("POST /webhooks/{webhook}/disable", access.WriteWebhooks),
	may("POST /webhooks/{webhook}/enable", access.WriteWebhooks).and(access.ReadLedger).because("whoever points a webhook somewhere reads the ledger there"),
	may("POST /webhooks/{webhook}/replay", access.WriteWebhooks).and(access.ReadLedger).because("whoever points a webhook somewhere reads the ledger there"),
	may("POST /webhooks/{webhook}/rotate", access.WriteWebhooks).and(access.ReadLedger).because("whoever points a webhook somewhere reads the ledger there"),
	may("POST /webhooks/{webhook}/test", access.WriteWebhooks),
	may("GET /notice-addresses", access.ReadWebhooks),
	may("PUT /notice-addresses", access.WriteWebhooks).and(access.ReadCredentials).because("notices tell of credentials"),
	may("GET /mails", access.ReadWebhooks),
	may("POST /mails/retry", access.WriteWebhooks),
	may("GET /mailbox", access.ReadInstallation).because("a server for trying out keeps everybody's mails there"),
	may("GET /mailbox/{mail}", access.ReadInstallation).because("a server for trying out keeps everybody's mails there"),
}
