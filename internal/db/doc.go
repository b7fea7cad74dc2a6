// Package db opens the one database of an installation and runs transactions on it.
//
// Two engines stand behind one API and one SQL text: SQLite (one file, one writing process, group commit) and
// PostgreSQL (many nodes). Rooms write functions over [*Tx] with $n placeholders and keep their SQL as constants;
// [Tx.ForUpdate] is the only word that differs. A function given to [DB.Write] may run more than once, so it
// changes nothing outside its transaction except through [Tx.AfterCommit].
//
// It owns: connections, transactions, commit order, migrations, the translation of engine errors to [fault]
// kinds. It does not own: any table but installation, lease and what goose keeps.
//
// Enter at [Open], then [DB.Read] and [DB.Write].
package db
