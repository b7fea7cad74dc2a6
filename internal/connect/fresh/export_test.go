package fresh

// Resident counts the connections that a keeper remembers anything of.
func (k *Keeper) Resident() (n int) {
	k.entries.Range(func(any, any) bool { n++; return true })
	return n
}
