package main

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// timeFormats is how a flag's help says what a time is.
const timeFormats = `2026-01-31, "2026-01-31 15:04:05" or 2026-01-31T15:04:05+01, or how long ago: 90m, 7d, "2 weeks"`

// timeOf is the time that a flag says.
func timeOf(c *cli.Context, flag string, now time.Time) (time.Time, error) {
	t, err := parseTime(c.String(flag), now)
	if err != nil {
		mark := flag + "-mark"
		if flag == "at" {
			mark = "mark"
		}
		return t, usageErrorf(c.Command.Name, "--%s: %q is not a time; write it as %s; for a mark, use --%s",
			flag, c.String(flag), timeFormats, mark)
	}
	return t, nil
}

var errNoTime = errors.New("not a time")

// Times with a zone, as RFC 3339, Go and PostgreSQL write them, and without one. Each may have a fraction of a second.
var (
	zoned = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700", "2006-01-02T15:04Z07",
	}
	local = []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"}
)

var (
	// dayAndTime is what stands between a day, a time and a zone.
	dayAndTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[ tT]+(\d\d:\d\d\S*)(?: +([+-]\d\S*|[zZ]|UTC))?$`)
	// spans are one or more amounts of a unit.
	spans = regexp.MustCompile(`^(?:\d+(?:\.\d+)? *\pL+ *)+$`)
	span  = regexp.MustCompile(`(\d+(?:\.\d+)?) *(\pL+)`)
)

// parseTime reads a time as people and PostgreSQL write it, in the zone of the environment where it has none, or how
// long ago it was.
func parseTime(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	year, month, day := now.Local().Date()
	switch strings.ToLower(text) {
	case "now":
		return now, nil
	case "today":
		return time.Date(year, month, day, 0, 0, 0, 0, time.Local), nil
	case "yesterday":
		return time.Date(year, month, day-1, 0, 0, 0, 0, time.Local), nil
	}
	if ago := strings.TrimSpace(strings.TrimSuffix(text, "ago")); spans.MatchString(ago) {
		return before(now, ago)
	}
	if parts := dayAndTime.FindStringSubmatch(text); parts != nil {
		zone := parts[3]
		if zone == "UTC" {
			zone = "Z"
		}
		text = parts[1] + "T" + strings.ToUpper(parts[2]+zone)
	}
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range local {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errNoTime
}

// before is some time before now. Days and more are those of the calendar.
func before(now time.Time, text string) (time.Time, error) {
	t := now.Local()
	for _, amount := range span.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseFloat(amount[1], 64)
		if err != nil {
			return t, errNoTime
		}
		name := strings.ToLower(amount[2])
		if name != "s" && name != "ms" {
			name = strings.TrimSuffix(name, "s")
		}
		if unit, ok := units[name]; ok && n*float64(unit) <= math.MaxInt64 {
			t = t.Add(-time.Duration(n * float64(unit)))
			continue
		}
		whole := int(n)
		if float64(whole) != n || n > 100_000 {
			return t, errNoTime
		}
		switch name {
		case "d", "day":
			t = t.AddDate(0, 0, -whole)
		case "w", "week":
			t = t.AddDate(0, 0, -7*whole)
		case "month":
			t = t.AddDate(0, -whole, 0)
		case "y", "year":
			t = t.AddDate(-whole, 0, 0)
		default:
			return t, errNoTime
		}
	}
	return t, nil
}

// units are those of a fixed length; with an s as well.
var units = map[string]time.Duration{
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "h": time.Hour, "hour": time.Hour,
	"s": time.Second, "sec": time.Second, "second": time.Second, "ms": time.Millisecond,
}
