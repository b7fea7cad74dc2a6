package assertion

import (
	"fmt"

	"github.com/counterfoil/counterfoil/internal/db"
)

// Statements for a fixed number of rows, so that their texts are few and stay prepared. 160 rows have 480 parameters;
// more are slow on SQLite.
var (
	seenSizes  = []int{160, 32, 8, 1}
	insertRows = func() map[int]string {
		texts := map[int]string{}
		for _, n := range seenSizes {
			text := `INSERT INTO assertion_seen (environment_id, hash, expires_at) VALUES `
			for i := range n {
				if i > 0 {
					text += `, `
				}
				text += fmt.Sprintf(`($%d, $%d, $%d)`, 3*i+1, 3*i+2, 3*i+3)
			}
			texts[n] = text + ` ON CONFLICT (environment_id, hash) DO NOTHING RETURNING environment_id, hash`
		}
		return texts
	}()
)

const deleteSeen = `DELETE FROM assertion_seen WHERE (environment_id, hash) IN
(SELECT environment_id, hash FROM assertion_seen WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`

// insertSeen writes rows that are distinct and in order, and returns which were not there before.
func insertSeen(tx *db.Tx, rows []*call) (map[string]bool, error) {
	fresh := make(map[string]bool, len(rows))
	for _, size := range seenSizes {
		for len(rows) >= size {
			args := make([]any, 0, 3*size)
			for _, c := range rows[:size] {
				args = append(args, c.environment, c.hash[:], c.expires)
			}
			err := tx.Each(func(scan db.Scan) error {
				var environment string
				var hash []byte
				if err := scan(&environment, &hash); err != nil {
					return err
				}
				fresh[environment+string(hash)] = true
				return nil
			}, insertRows[size], args...)
			if err != nil {
				return nil, err
			}
			rows = rows[size:]
		}
	}
	return fresh, nil
}
