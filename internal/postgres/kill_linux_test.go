package postgres

import "path/filepath"

// serverRuns tells whether any process of the cluster in dir is left.
func serverRuns(dir string) bool { return len(processesIn(filepath.Join(dir, "data"))) > 0 }
