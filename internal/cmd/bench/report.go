package main

import (
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Report is all that was measured, as it is in the JSON file.
type Report struct {
	Machine   Machine    `json:"machine"`
	Server    string     `json:"server"` // version of PostgreSQL
	Rounds    int        `json:"rounds"`
	Scale     float64    `json:"scale"`
	Seconds   float64    `json:"seconds"` // all of it took
	Variants  []string   `json:"variants"`
	Workloads []Workload `json:"workloads"`
}

// Machine is where it was measured.
type Machine struct {
	OS   string    `json:"os"`
	Arch string    `json:"arch"`
	CPUs int       `json:"cpus"`
	Load string    `json:"load,omitempty"` // averages of 1, 5 and 15 minutes at the start
	Time time.Time `json:"time"`
}

// Workload is what was measured of one.
type Workload struct {
	Name     string    `json:"name"`
	What     string    `json:"what"`
	Changes  int       `json:"changes"`
	Durable  bool      `json:"durable"` // fsync and synchronous_commit are on
	Variants []Variant `json:"variants"`
}

// Variant is how a workload went with one way to audit.
type Variant struct {
	Name string `json:"name"`
	// Ratio is the time over that of the un-audited run of the same round.
	Ratio Spread `json:"ratio"`
	// CPURatio is the same of the CPU time of the server's processes, which hardly depends on
	// what else the machine does.
	CPURatio *Spread `json:"cpu_ratio,omitempty"` // Linux only
	// TPSLost is the part of the transactions in a time that is lost: 1 - 1/Ratio.
	TPSLost float64 `json:"tps_lost"`
	// MicrosecondsPerChange, StoredPerChange and WALPerChange are medians; the last is over
	// the un-audited run of the same round.
	MicrosecondsPerChange float64 `json:"microseconds_per_change"`
	StoredPerChange       float64 `json:"stored_per_change"`
	WALPerChange          float64 `json:"wal_per_change"`
	Runs                  []Run   `json:"runs"`
}

// Run is one run.
type Run struct {
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu,omitempty"` // seconds of the server's processes
	Stored   int64   `json:"stored"`        // bytes more in the variant's tables and indexes
	WAL      int64   `json:"wal"`           // bytes logged
	Recorded int64   `json:"recorded"`      // rows more in the variant's tables
}

// Spread is how a figure varied over the rounds.
type Spread struct {
	Min    float64 `json:"min"`
	Q1     float64 `json:"q1"`
	Median float64 `json:"median"`
	Q3     float64 `json:"q3"`
	Max    float64 `json:"max"`
}

// summarize takes the runs of each variant, the first of which is the un-audited one.
func summarize(w workload, variants []variant, runs [][]Run) Workload {
	result := Workload{Name: w.name, What: w.what, Changes: w.changes, Durable: w.durable}
	plain, changes := runs[0], float64(w.changes)
	for i, v := range variants {
		over := func(figure func(run, plain Run) float64) Spread {
			figures := make([]float64, len(plain))
			for round := range plain {
				figures[round] = figure(runs[i][round], plain[round])
			}
			return spread(figures)
		}
		ratio := over(func(run, plain Run) float64 { return run.Seconds / plain.Seconds })
		var cpu *Spread
		if plain[0].CPU > 0 {
			of := over(func(run, plain Run) float64 { return run.CPU / plain.CPU })
			cpu = &of
		}
		result.Variants = append(result.Variants, Variant{
			Name:                  v.name,
			Ratio:                 ratio,
			CPURatio:              cpu,
			TPSLost:               1 - 1/ratio.Median,
			MicrosecondsPerChange: over(func(run, _ Run) float64 { return run.Seconds * 1e6 / changes }).Median,
			StoredPerChange:       over(func(run, _ Run) float64 { return float64(run.Stored) / changes }).Median,
			WALPerChange: over(func(run,
				plain Run) float64 {
				return float64(run.WAL-plain.WAL) / changes
			}).Median,
			Runs: runs[i],
		})
	}
	return result
}

func spread(figures []float64) Spread {
	sorted := slices.Sorted(slices.Values(figures))
	return Spread{Min: sorted[0], Q1: quantile(sorted, 0.25), Median: quantile(sorted, 0.5), Q3: quantile(sorted, 0.75),
		Max: sorted[len(sorted)-1]}
}

// quantile interpolates between the two nearest figures.
func quantile(sorted []float64, q float64) float64 {
	place := q * float64(len(sorted)-1)
	below := int(place)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (place-float64(below))*(sorted[above]-sorted[below])
}

// thisMachine describes the machine that this program runs on.
func thisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Time: time.Now().UTC().Truncate(time.Second)}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil { // Linux only
		m.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	return m
}

func (r Report) writeJSON(file string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(content, '\n'), 0o644)
}
