// Package version holds exaudit's version.
package version

// Version is the version of this source tree, without a leading v.
const Version = "0.1.0"
