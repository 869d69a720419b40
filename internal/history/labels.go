package history

import (
	"regexp"
	"strings"

	"github.com/exaudit/exaudit/audit"
)

// relabel gives the values of enums the present names of their labels, by columns, as
// exaudit_internal.with_present_labels does.
func relabel(i audit.Image, labels map[string]map[string]string) {
	for name, renamed := range labels {
		if value, ok := i[name]; ok {
			i[name] = relabeled(value, renamed)
		}
	}
}

var (
	// an array that is no list: of several dimensions, or not counted from 1
	arrayText  = regexp.MustCompile(`(?s)^(\[[0-9:\]\[-]+\]=)?\{.*\}$`)
	arrayToken = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^{},"]+`)
	escaped    = regexp.MustCompile(`(?s)\\(.)`)
	special    = regexp.MustCompile(`[{},"\\\s]`)
	toEscape   = regexp.MustCompile(`["\\]`)
)

func relabeled(value any, labels map[string]string) any {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for n, element := range value {
			list[n] = element
			if label, ok := element.(string); ok {
				list[n] = labelOf(label, labels)
			}
		}
		return list
	case string:
		if label, ok := labels[value]; ok {
			return label
		}
		if prefix := arrayText.FindStringSubmatch(value); prefix != nil {
			return prefix[1] + arrayToken.ReplaceAllStringFunc(value[len(prefix[1]):], func(token string) string {
				return relabeledToken(token, labels)
			})
		}
	}
	return value
}

func labelOf(label string, labels map[string]string) string {
	if renamed, ok := labels[label]; ok {
		return renamed
	}
	return label
}

// relabeledToken is an element of the text of an array, quoted as PostgreSQL quotes it.
func relabeledToken(token string, labels map[string]string) string {
	label := token
	if strings.HasPrefix(token, `"`) {
		label = escaped.ReplaceAllString(token[1:len(token)-1], "$1")
	}
	renamed, ok := labels[label]
	switch {
	case !ok:
		return token
	case renamed == "" || special.MatchString(renamed) || strings.EqualFold(renamed, "null"):
		return `"` + toEscape.ReplaceAllString(renamed, `\$0`) + `"`
	}
	return renamed
}
