package postgres

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// initialize creates the data directory and its configuration.
func (c *Cluster) initialize(ctx context.Context, settings map[string]string) error {
	if err := c.initdb(ctx); err != nil {
		return err
	}
	merged := defaultSettings()
	maps.Copy(merged, settings)
	maps.Copy(merged, c.addressSettings())
	conf, err := os.OpenFile(filepath.Join(c.dataDir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer conf.Close()
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		if _, err := fmt.Fprintf(conf, "%s = %s\n", name, quoteSetting(merged[name])); err != nil {
			return err
		}
	}
	return conf.Close()
}

// initdb prefers C.UTF-8, which compares bytes yet knows letters beyond ASCII,
// and takes C where the operating system lacks it (macOS).
func (c *Cluster) initdb(ctx context.Context) error {
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		cmd := c.account.command(ctx, filepath.Join(c.binDir, "initdb"),
			"--pgdata="+c.dataDir(), "--username=postgres", "--auth=trust",
			"--encoding=UTF8", "--locale="+locale, "--no-sync", "--no-instructions")
		output, runErr := cmd.CombinedOutput()
		if runErr == nil {
			return nil
		}
		err = fmt.Errorf("initdb%s: %w\n%s", c.account, runErr, strings.TrimSpace(string(output)))
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// defaultSettings makes the server fast rather than durable. It stays otherwise
// close to a server in production: autovacuum and the planner are untouched.
func defaultSettings() map[string]string {
	return map[string]string{
		"fsync":              "off",
		"synchronous_commit": "off",
		"full_page_writes":   "off",
		"shared_buffers":     "64MB",
		"max_connections":    "200",
		// The files may be in memory.
		"min_wal_size": "32MB",
		"max_wal_size": "256MB",
		// Results must not depend on where the developer lives.
		"timezone":     "UTC",
		"log_timezone": "UTC",
		// Tests replicate between databases, several at a time; a failed worker is soon
		// started again.
		"wal_level":                       "logical",
		"max_wal_senders":                 "40",
		"max_replication_slots":           "40",
		"max_worker_processes":            "48",
		"max_logical_replication_workers": "40",
		"wal_retrieve_retry_interval":     "100ms",
	}
}

// addressSettings are not for the caller to choose: URL relies on them.
func (c *Cluster) addressSettings() map[string]string {
	settings := map[string]string{
		"listen_addresses":        "",
		"port":                    strconv.Itoa(c.port),
		"unix_socket_directories": c.dir,
	}
	if c.tcp {
		settings["listen_addresses"] = "127.0.0.1"
	}
	return settings
}

func quoteSetting(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`).Replace(value) + "'"
}
