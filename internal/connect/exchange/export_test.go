package exchange

// For tests.
var (
	ReadToken  = readToken
	RetryAfter = retryAfter
)
