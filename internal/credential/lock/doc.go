// Package lock owns the counting of failed logons with secrets, and the locks that follow: five failures in a row lock
// a client ID for 60 minutes, or, where the application says so, only the network that they came from.
//
// A [Book] is what one node knows. The token path asks it twice, because a guess may be under way while the fifth
// failure is counted:
//
//	before the secret is compared:  Verdict; Locked is refused, in the words of a wrong secret
//	after it was wrong:             Failed
//	after it was right:             Verdict again; Locked is refused all the same; else Succeeded
//
// Whoever sends a thousand guesses at once learns from none of them after the fifth failure, not even from the right
// one, and nobody who sends right secrets, however many at once, ever waits for another. A door calls Failed for
// clients that exist only: nothing is written or kept for ids that strangers make up. In the mode [ClientNetwork] a
// secret that cannot be right by its form (length, checksum) is no guess and not reported here, unless the application
// has a chosen or imported secret. Certificates and JWTs are never reported.
//
// Success and the logons of a locked client cost no SQL. A failure is one upsert, outside the ledger, at most five for
// a client (and network) and hour unless successes come between; only the lock itself is an event, at most one for a
// client and hour, and one more after each unlocking by hand. The database adds up what the nodes count ([Book.Poll],
// [Book.Refresh]); a node that cannot reach it counts alone and adds its sum later ([Book.Flush]).
//
// It does not own secrets, nor the refusal itself, nor where the mode of an application is kept.
package lock
