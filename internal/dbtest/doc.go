// Package dbtest gives tests real databases, fresh for each test and gone afterwards.
//
// [Each] runs a test on both engines: a SQLite file in the test's folder, and a PostgreSQL database copied from a
// template that was migrated once for the test process. PostgreSQL's address is in COUNTERFOIL_TEST_POSTGRES
// (`make test` and test/postgres.sh set it); without it a test fails rather than skips, because a suite that
// leaves an engine out must not look green.
//
// A function given to [db.DB.Write] must not call t.Fatal: on SQLite it runs on the writer's goroutine, which
// would end. It returns an error instead.
//
// It owns nothing but test databases. Only tests import it.
package dbtest
