// Package ledger keeps what happened: per environment one chain of numbered events that nobody can edit unseen.
//
// A room calls [Append] in the transaction that makes the change, so that there is never the one without the
// other. The same events are the audit trail, the feed that keeps every node's memory current ([Heads], [Since])
// and, with the checkpoints that [Sign] makes, the proof that nobody edited them ([Verify]).
//
// # Order
//
// Events of an environment are numbered 1, 2, 3 … without gaps, and number order is commit order: the number is
// taken from the environment's head row, which is locked by the last statements of a transaction and held until
// it is committed. Who has read up to n and reads on from n can therefore miss nothing. Event.At is the time at
// which the transaction began and may run a little backwards.
//
// # Format
//
// All hashes are SHA-256. A hash or signature is taken over a list of fields, of which the first names its
// purpose; each field is written as its length in bytes, as an 8-byte big-endian integer, and then its bytes. Here
// that is written frame(…). Hashes, salts and payloads are fields as they are (a hash is 32 raw bytes), everything
// else is text in UTF-8: UUIDs in lowercase with hyphens, numbers in decimal, times in decimal microseconds since
// 1970-01-01T00:00:00Z, booleans "true" or "false".
//
//	hash(0)    = SHA-256(frame("counterfoil ledger genesis 1", environment))
//	digest(n)  = SHA-256(frame("counterfoil ledger payload 1", salt(n), payload(n)))
//	hash(n)    = SHA-256(frame("counterfoil ledger event 1", hash(n-1), environment, n, at(n), kind(n),
//	                           actor kind(n), actor id(n), subject kind(n), subject id(n), register(n), digest(n)))
//	signature  = Ed25519(frame("counterfoil ledger checkpoint 1", environment, n, hash(n), time of signing))
//
// The payload is JSON and is hashed as the text that is stored. Its members are actor {credential, address,
// request}, before and after; what is empty is left out. Characters that do not print are escaped in it, so that
// a name full of terminal control codes stays harmless in a terminal.
//
// # Erasing
//
// The chain covers a salted digest of the payload and not the payload. [Erase] removes payload and salt, after
// which the chain still verifies and the digest no longer tells anything about the payload. It appends an event
// of kind [ErasedKind] with the subject (ledger_event, number); a payload that is gone without one is a finding.
//
// # What the proof is worth
//
// The chain alone shows an edit only to somebody who knows a later hash. Checkpoints are such hashes, signed by a key
// that is sealed in the database and published, in the API and the log, as they are made. After an edit, somebody
// who writes the database but cannot open the seal has to take the checkpoints away or to show another key, and
// somebody who can open it signs anew. A check of the database alone may then pass; one against a checkpoint that
// was kept elsewhere does not. What came after the last kept checkpoint is protected from neither.
//
// It owns: ledger_head, ledger_event, ledger_key and ledger_checkpoint. It does not own: what events mean, who may
// read them, and the loop that tails them (register).
//
// Enter at [Append]; to check, at [Verify], which needs no database.
package ledger
