package exchange

// ReadToken is for tests.
var ReadToken = readToken
