package audit_test

import (
	"encoding/json"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

// JSON that is not a plan is refused, and is never read as a plan that does less.
func TestInvalidPlans(t *testing.T) {
	t.Parallel()
	const options = `"options": {"on_conflict": "refuse", "max_rows": 10}, "chosen": [{"table": "public.t", "entity_id": "1", "id": 1}]`
	for _, text := range []string{
		`[]`, `"plan"`, `{}`, `{"rows": []}`, `{` + options + `, "rows": [null]}`, `{` + options + `, "rows": [{}]}`,
		`{` + options + `, "rows": [{"table": "public.t", "entity_id": "1"}]}`, `{` + options + `, "rows": {}}`,
		`{` + options + `, "rows": [{"table": "public.t", "action": "updated", "patch": 7}]}`,
	} {
		var plan audit.UndoPlan
		if err := json.Unmarshal([]byte(text), &plan); !reason.Is(err, audit.InvalidPlan) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		`[]`, `"plan"`, `{}`, `{"version": 1}`, `{"version": 1, "table": "public.t", "entity_id": "1"}`,
		`{"version": "1", "table": "public.t", "action": "updated", "patch": null}`,
		`{"version": 1, "table": "public.t", "action": "updated", "patch": 7}`,
		`{"table": "public.t", "action": "updated", "patch": null}`, `{` + options + `, "rows": []}`,
	} {
		var plan audit.RevertPlan
		if err := json.Unmarshal([]byte(text), &plan); !reason.Is(err, audit.InvalidPlan) {
			t.Errorf("revert: %s: %v", text, err)
		}
	}
	var plan audit.UndoPlan
	if err := json.Unmarshal([]byte(`{`+options+`, "rows": []}`), &plan); err != nil || len(plan.Chosen) != 1 {
		t.Errorf("%v, %+v", err, plan)
	}
}
