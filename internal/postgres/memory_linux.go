package postgres

import (
	"os"
	"syscall"
)

// memoryDir returns a file system in memory if it can take a cluster: cloning a
// database was measured at 7 ms there, and at 30 to 150 ms on a disk of a virtual
// machine. TMPDIR, when set, says that someone wants the files elsewhere.
func memoryDir() string {
	const (
		dir    = "/dev/shm"
		tmpfs  = 0x01021994
		enough = 2 << 30 // a container's default of 64 MB is not
	)
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(dir, &fs) != nil {
		return ""
	}
	if fs.Type != tmpfs || fs.Bavail*uint64(fs.Bsize) < enough {
		return ""
	}
	return dir
}
