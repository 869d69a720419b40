package main

import (
	"context"

	"github.com/exaudit/exaudit/internal/postgres"
)

// servers are the two private ones, started when they are needed: one in memory whose
// commits wait for nothing, so that the CPU shows, and one on the disk whose commits wait
// for it.
type servers struct {
	log  func(format string, args ...any)
	open map[bool]*server
}

type server struct {
	cluster *postgres.Cluster
}

func (s *servers) of(ctx context.Context, durable bool) (*server, error) {
	if found := s.open[durable]; found != nil {
		return found, nil
	}
	onOff := map[bool]string{true: "on", false: "off"}
	cluster, err := postgres.Start(ctx, postgres.Options{Log: s.log, OnDisk: durable, Settings: map[string]string{
		// Without fsync, a commit that is synchronous waits for nothing either, and does not
		// wake up another process as one that is not may do.
		"fsync":              onOff[durable],
		"synchronous_commit": "on",
		// As in production, but for what happens at times of its own choice.
		"wal_level":          "replica",
		"full_page_writes":   "on",
		"shared_buffers":     "512MB",
		"autovacuum":         "off",
		"checkpoint_timeout": "1h",
		"max_wal_size":       "2GB",
	}})
	if err != nil {
		return nil, err
	}
	if s.open == nil {
		s.open = map[bool]*server{}
	}
	s.open[durable] = &server{cluster: cluster}
	return s.open[durable], nil
}

func (s *servers) stop() {
	for _, server := range s.open {
		server.cluster.Stop()
	}
}
