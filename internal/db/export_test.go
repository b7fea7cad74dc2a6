package db

// What the tests of this package must see and nobody else may.

// NetworkFileSystem is [networkFileSystem].
func NetworkFileSystem(magic int64) string { return networkFileSystem(magic) }

// Waiting returns how many writes are queued behind the one that SQLite's writer is at.
func (d *DB) Waiting() int { return len(d.writer.queue) }
