// Package audit has the types of what exaudit returns: versions, transactions, marks, plans, the states of tables, and
// errors. They are plain data, with no other fields than those that are shown here.
//
// What is passed to exaudit's functions is in package exaudit.
package audit
