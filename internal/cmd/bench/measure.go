package main

import (
	"context"
	"fmt"
)

// measure runs the workload with all variants in turns.
func (s *server) measure(ctx context.Context, w workload, a arguments) (Workload, error) {
	w = w.scaled(a.scale)
	variants := of(w, a.variants)
	if err := s.prepare(ctx, w, variants); err != nil {
		return Workload{}, err
	}
	last, err := s.lastRelation(ctx, tablesDB)
	if err != nil {
		return Workload{}, err
	}
	runs := make([][]Run, len(variants))
	for range a.rounds {
		for i, v := range variants {
			run, err := s.run(ctx, w, i, last)
			if err == nil {
				err = v.check(w, run.Recorded)
			}
			if err != nil {
				return Workload{}, fmt.Errorf("variant %s: %w", v.name, err)
			}
			runs[i] = append(runs[i], run)
		}
	}
	return summarize(w, variants, runs), nil
}

// run is one run of the workload with the variant of the number.
func (s *server) run(ctx context.Context, w workload, v int, last uint32) (Run, error) {
	if err := s.create(ctx, runDB, templateDB(v)); err != nil {
		return Run{}, err
	}
	before, err := s.stateOf(ctx, last)
	if err != nil {
		return Run{}, err
	}
	took, err := s.work(ctx, w)
	if err != nil {
		return Run{}, err
	}
	after, err := s.stateOf(ctx, last)
	grown := after.since(before)
	return Run{Seconds: took.wall.Seconds(), CPU: took.cpu.Seconds(), Stored: grown.stored, WAL: grown.wal,
		Recorded: grown.recorded}, err
}
