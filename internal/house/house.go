// Package house has tests of the code itself: which package may import which, how long
// functions are, what has an example, and what documents must look like.
package house
