package main

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 12, 30, 0, 0, time.Local)
	in := func(zone int, fraction int) time.Time {
		return time.Date(2026, 1, 31, 15, 4, 5, fraction, time.FixedZone("", zone))
	}
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		// as psql prints timestamptz, in whatever zone, and as RFC 3339 and Go do
		"2026-01-31 15:04:05.3+00":            in(0, 3e8),
		"2026-01-31 15:04:05+05:30":           in(5*3600+1800, 0),
		"2026-01-31 15:04:05.123456-03":       in(-3*3600, 123456e3),
		"2026-01-31T15:04:05Z":                in(0, 0),
		"2026-01-31t15:04:05z":                in(0, 0),
		"2026-01-31T15:04:05+0100":            in(3600, 0),
		"2026-01-31 15:04:05 UTC":             in(0, 0),
		"2026-01-31 15:04:05.000 +01:00":      in(3600, 0), // as localTime has it
		" 2026-01-31 15:04:05.300000000 +00 ": in(0, 3e8),
		"2026-01-31":                          day,
		"2026-01-31 15:04":                    day.Add(15*time.Hour + 4*time.Minute),
		"2026-01-31T15:04:05.5":               day.Add(15*time.Hour + 4*time.Minute + 5500*time.Millisecond),

		"90m":             now.Add(-90 * time.Minute),
		"90m ago":         now.Add(-90 * time.Minute),
		"1h30m":           now.Add(-90 * time.Minute),
		"1.5h":            now.Add(-90 * time.Minute),
		"90 minutes ago":  now.Add(-90 * time.Minute),
		"1 hour 30 mins":  now.Add(-90 * time.Minute),
		"250ms":           now.Add(-250 * time.Millisecond),
		"30s":             now.Add(-30 * time.Second),
		"7d":              now.AddDate(0, 0, -7),
		"2 Days":          now.AddDate(0, 0, -2),
		"1d 2h":           now.AddDate(0, 0, -1).Add(-2 * time.Hour),
		"2 weeks ago":     now.AddDate(0, 0, -14),
		"1 year 2 months": now.AddDate(-1, -2, 0),
		"now":             now,
		"today":           time.Date(2026, 3, 31, 0, 0, 0, 0, time.Local),
		"Yesterday":       time.Date(2026, 3, 30, 0, 0, 0, 0, time.Local),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is read as %s (%v), want %s", text, got, err, want)
		}
	}
	// a bare number, what may be in the future as well, a word, a date that there is none of
	for _, text := range []string{"", "5", "-90m", "+90m", "ago", "tomorrow", "before-deploy", "1.5 days", "3 fortnights", "2026-02-30", "2026-01-31 25:00", "31.1.2026",
		"01/31/2026", "2026-01-31 15:04:05 +25:00", "9999999999999999999h", "999999999 days", "2026-01-31T15:04:05+01 ago"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
	// a time as the program prints it
	for _, at := range []time.Time{now, now.Add(123 * time.Millisecond)} {
		if got, err := parseTime(localTime(at), now); err != nil || !got.Equal(at) {
			t.Errorf("%q is read as %s (%v)", localTime(at), got, err)
		}
	}
}
