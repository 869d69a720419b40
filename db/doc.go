// Package db is sqlc's output for queries/. It changes with them: import package exaudit
// instead, which promises an API.
package db
