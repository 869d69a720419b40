//go:build !linux

package postgres

// memoryDir finds no file system in memory: only Linux has one by default.
func memoryDir() string { return "" }
