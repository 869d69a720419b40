// Package audit has the types of what exaudit returns: versions, transactions, marks, plans, the states of tables, and
// errors. They are plain data, with no other fields than those that are shown here.
//
// The types of what exaudit's functions take are in package exaudit.
package audit
