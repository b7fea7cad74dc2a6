//go:build race

package server_test

// proofRequests is how often each kind of request is made; the race detector costs ten times the time.
const proofRequests = 500
