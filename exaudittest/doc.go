// Package exaudittest helps the tests of an application to look at what exaudit recorded of
// it, on a real database with the application's schema and exaudit installed. In these examples, db is an *exaudit.DB:
//
//	exaudittest.AssertCovered(t, db, "public", "goose_db_version")
//
//	exaudittest.AssertHistory(t, db, "orders", id,
//		exaudittest.Want{Action: audit.Created},
//		exaudittest.Want{Action: audit.Updated, Changed: []string{"status"}, Custom: exaudit.Custom{"actor_id": 7}})
//
//	versions := exaudittest.Recorded(t, db, func() { checkout(ctx, cart) })
//	exaudittest.Golden(t, "testdata/checkout.golden", exaudittest.Text(versions, exaudittest.Hide("created_at")))
package exaudittest
