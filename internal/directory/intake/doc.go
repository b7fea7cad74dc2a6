// Package intake brings many users in at once, from a file: CSV with a header line, or one SCIM user in JSON a line.
//
// [Read] is the client's half. It turns a file into records, says what is wrong with a line, and needs no database. The
// server's half is [Open] and [Import.Apply]: an import is a row, and a batch of records is applied in the transaction
// that notes it, so that a batch which comes a second time does nothing. Whoever is interrupted opens the same file again
// and sends what [Import.Done] does not list: nothing is lost and nothing happens twice, whichever side was killed.
//
// A record that cannot be applied is a reject: its line and the reason are kept with the import, and the rest of the
// batch goes on.
//
// It owns: intake, intake_batch, intake_reject, and the two formats. It does not own users, nor how batches travel.
//
// Enter at [Read] and [Open].
package intake
