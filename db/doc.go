// Package db is sqlc's output for queries/.
//
// It is not part of the public API: there is no promise of compatibility. Import package exaudit instead.
package db
