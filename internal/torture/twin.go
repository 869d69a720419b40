package torture

import (
	"strconv"
	"strings"
)

// uid is a twin's first column: a row keeps it whatever becomes of its key.
const uid = `"~uid"`

// twinFunctions are what notes the changes of twins. A row is an array of its columns' text by their numbers, so that
// renamed columns are the same and dropped ones NULL.
const twinFunctions = `
CREATE SEQUENCE {twin}."~uids";
CREATE TABLE {twin}."~log" (seq bigserial PRIMARY KEY, step int, place int, uid bigint, action text, old text[], new text[],
	old_image jsonb, new_image jsonb, key text, columns text[], xid xid8 DEFAULT pg_current_xact_id(), began timestamptz DEFAULT now(), unseen boolean, crosses boolean);
CREATE FUNCTION {twin}."~texts"(root regclass, skipped int, OUT expression text, OUT columns text[]) LANGUAGE sql
	SET search_path = pg_catalog AS $$
	SELECT 'ARRAY[' || string_agg(CASE WHEN attisdropped THEN 'NULL' ELSE format('("~r").%I::text', attname) END, ', ' ORDER BY attnum) || ']::text[]',
	       array_agg(CASE WHEN attisdropped THEN '' ELSE attname END ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = root AND attnum > skipped
$$;
CREATE FUNCTION {twin}."~note"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET timezone = 'UTC' AS $$
DECLARE
	expression text; columns text[]; before text[]; after text[]; id bigint; old_image jsonb; new_image jsonb;
	met boolean := false; crosses boolean := false; ignored boolean := TG_ARGV[3] = 'true' AND coalesce(current_setting('exaudit.ignore', true), '') = 'on';
BEGIN
	SELECT t.expression, t.columns INTO expression, columns FROM {twin}."~texts"(TG_ARGV[1]::regclass, 1) AS t;
	IF TG_OP <> 'INSERT' THEN
		EXECUTE 'SELECT ' || expression || ' FROM (SELECT $1 AS "~r") AS x' INTO before USING OLD;
		old_image := exaudit_internal.encode(OLD) - '~uid'; id := OLD."~uid";
		EXECUTE 'SELECT ' || TG_ARGV[2] || ' FROM (SELECT ($1).*) AS x' INTO met USING OLD;
		crosses := met IS TRUE;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		EXECUTE 'SELECT ' || expression || ' FROM (SELECT $1 AS "~r") AS x' INTO after USING NEW;
		new_image := exaudit_internal.encode(NEW) - '~uid'; id := NEW."~uid";
		EXECUTE 'SELECT (' || TG_ARGV[2] || ') IS TRUE <> $2 FROM (SELECT ($1).*) AS x' INTO crosses USING NEW, met IS TRUE;
		met := met IS TRUE OR crosses;
	END IF;
	IF before IS DISTINCT FROM after THEN
		INSERT INTO {twin}."~log" (step, place, uid, action, old, new, old_image, new_image, key, columns, unseen, crosses)
		VALUES (current_setting('torture.step')::int, TG_ARGV[0]::int, id, TG_OP, before, after, old_image, new_image,
			exaudit_internal.entity_id_of(TG_ARGV[1]::regclass, coalesce(new_image, old_image)), columns, ignored OR met IS NOT TRUE, crosses);
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION {twin}."~truncate"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET extra_float_digits = 1 SET bytea_output = hex SET timezone = 'UTC' AS $$
BEGIN
	EXECUTE (SELECT format('INSERT INTO {twin}."~log" (step, place, uid, action, old, old_image, key, columns, unseen)
			SELECT current_setting(''torture.step'')::int, %s, ("~r")."~uid", ''DELETE'', %s, exaudit_internal.encode("~r") - ''~uid'',
				exaudit_internal.entity_id_of(%L::regclass, exaudit_internal.encode("~r")), %L, (%s) IS NOT TRUE OR %L FROM %s AS "~r"',
			TG_ARGV[0], t.expression, TG_ARGV[1], t.columns, TG_ARGV[2],
			TG_ARGV[3] = 'true' AND coalesce(current_setting('exaudit.ignore', true), '') = 'on', TG_ARGV[1])
		FROM {twin}."~texts"(TG_ARGV[1]::regclass, 1) AS t);
	RETURN NULL;
END $$;`

// twin is the statements that make a twin of a table. Its trigger fires when exaudit's do.
func (w World) twin(place int, n names) string {
	t := w.Tables[place]
	sql := t.create(n.twin, uid+` bigint NOT NULL DEFAULT nextval('{twin}."~uids"')`) + `;
		CREATE TRIGGER "~note" AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {twin}."~note"({place}, '{table}', '{where}', '{ignore}');
		CREATE TRIGGER "~truncate" BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {twin}."~truncate"({place}, '{table}', '{where}', '{ignore}')`
	where := "true"
	if t.Options.Where != "" {
		where = strings.ReplaceAll(t.Options.Where, "'", "''")
	}
	return strings.NewReplacer("{where}", where, "{ignore}", strconv.FormatBool(t.Options.AllowIgnore), "{place}",
		string(rune('0'+place)), "{table}", t.quoted(n.twin)).Replace(sql)
}
