package audit

// Image is a row, or some of its columns, in the form in which it is recorded: column names to JSON values. Numbers are
// of type json.Number, with all their digits.
//
// The key "" is not a column. Its value is a list of notes about columns: the name of a column that has a JSON null
// and not an SQL NULL, {"masked": name} for a column whose value is secret, and {"oversized": name} for a column whose
// value was too large to be recorded.
type Image map[string]any

// Masked returns the columns whose values are secret.
func (i Image) Masked() []string { return i.noted("masked") }

// Oversized returns the columns whose values were too large to be recorded. Instead of a value, the image has its size
// and, if possible, its digest.
func (i Image) Oversized() []string { return i.noted("oversized") }

func (i Image) noted(kind string) []string {
	list, _ := i[""].([]any)
	var names []string
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			if name, ok := object[kind].(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
