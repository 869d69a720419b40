// Package typedtest has tables and sqlc's code for them, for the tests of typed history.
package typedtest

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

// Schema creates the tables.
//
//go:embed schema.sql
var Schema string

// The types that the package custom has columns as.
type (
	// Name is a string of the application's own.
	Name string
	// Settings is a jsonb column.
	Settings struct {
		Theme string         `json:"theme"`
		Sizes []int          `json:"sizes,omitempty"`
		More  map[string]any `json:"more,omitempty"`
	}
	// Address is a composite type.
	Address struct {
		Street *string
		Zip    *int32
	}
	// UUID scans itself.
	UUID string
)

// Scan implements sql.Scanner.
func (u *UUID) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("a uuid of %T", value)
	}
	if _, err := hex.DecodeString(strings.ReplaceAll(text, "-", "")); err != nil {
		return err
	}
	*u = UUID("uuid:" + text)
	return nil
}
