// Package seal keeps what must not be readable in the database, and the keys that do so.
//
// Three layers. A root key lives outside the database, in a [Source]: a file, a systemd credential or a passphrase.
// It wraps one tink keyset per environment, which is opened once and cached. The keyset seals values with
// associated data that names table, row, column and environment, so that a sealed value copied elsewhere does not
// open. Beside that every root key yields a pepper, the key of the keyed hashes that client secrets are stored as.
//
// A source holds several root keys, newest first; the table root_key numbers them 1, 2, 3… and knows them by
// fingerprint. A rotation is [Source.AddRoot], the same source on every node, and a restart or [Vault.Refresh]:
// environments are wrapped anew under the newest. The old root key stays in the source until [Vault.Roots] says
// that nothing needs it, then [Vault.Retire].
//
// A root key is made in one case only: the database has never had one. In every other case a node whose source
// lacks a root key refuses to start, because a new key beside sealed rows is the loss of those rows.
//
// It owns the tables root_key and environment_key, the root key's file, and [Secret], the type in which secrets
// travel through the program. It does not own the sealed values: they stand in their owners' rows, and owners
// re-seal them in [Vault.Rekey].
//
// Enter at [Open], then [Vault.Seal] and [Vault.Peppers].
package seal
