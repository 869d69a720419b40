package main

import (
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// spent is what a piece of work took.
type spent struct {
	wall time.Duration
	cpu  time.Duration // of the server's processes that did it; 0 where that is not known
}

// timed does something that the connections' server processes work for.
func timed(do func() error, conns ...*pgx.Conn) (spent, error) {
	cpu, start := cpuOf(conns), time.Now()
	err := do()
	wall := time.Since(start)
	return spent{wall: wall, cpu: cpuOf(conns) - cpu}, err
}

// cpuOf is how long the server processes of the connections have run on a CPU, as Linux
// counts it: that hardly depends on what else the machine does.
func cpuOf(conns []*pgx.Conn) time.Duration {
	var total int64
	for _, conn := range conns {
		var running int64
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", conn.PgConn().PID()))
		if err != nil {
			return 0 // not Linux
		}
		if _, err := fmt.Sscan(string(content), &running); err != nil {
			return 0
		}
		total += running
	}
	return time.Duration(total)
}
