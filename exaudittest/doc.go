// Package exaudittest helps the tests of an application to look at what exaudit recorded of
// it, on a real database with the application's schema and exaudit installed:
//
//	exaudittest.AssertCovered(t, audit, "public", "goose_db_version")
//
//	exaudittest.AssertHistory(t, audit, "orders", id,
//		exaudittest.Want{Action: exaudit.Created},
//		exaudittest.Want{Action: exaudit.Updated, Changed: []string{"status"}, Custom: exaudit.Custom{"actor_id": 7}})
//
//	versions := exaudittest.Recorded(t, audit, func() { checkout(ctx, cart) })
//	exaudittest.Golden(t, "testdata/checkout.golden", exaudittest.Text(versions, exaudittest.Hide("created_at")))
package exaudittest
