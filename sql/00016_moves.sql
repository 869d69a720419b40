-- Updates that move a row to another partition. PostgreSQL makes them a DELETE there and
-- an INSERT here; recorded is one update.
--
-- A BEFORE UPDATE trigger notes the row that is about to move: only an update fires it.
-- The DELETE of that very row is held back, as what was deleted and with the id of a
-- version that it has taken already; the INSERT that follows makes an update of the two.
-- Where none follows, because a trigger has dropped the row or put it elsewhere, the
-- delete is recorded at the end of the transaction, and by its id is still in its place.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- The moves of transactions that have not ended; nobody ever sees one of another's.
CREATE UNLOGGED TABLE exaudit_internal.moves (
    transaction_id xid8            NOT NULL DEFAULT pg_current_xact_id(),
    relation      oid              NOT NULL, -- the partition
    row_id        tid              NOT NULL, -- the ctid there
    new_entity_id text COLLATE "C" NOT NULL,
    -- set by the DELETE
    table_id      integer,
    version_id    bigint,
    noted_by      bigint,                    -- the command in which the row was noted
    depth         integer,                   -- of triggers
    entity_id     text COLLATE "C",
    image         jsonb,                     -- the whole row
    before        jsonb,                     -- what of it is recorded if it is gone
    custom        text,
    rollback      text
);
REVOKE ALL ON exaudit_internal.moves FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON exaudit_internal.moves TO exaudit_writer;
CREATE INDEX moves_row ON exaudit_internal.moves (relation, row_id);
CREATE INDEX moves_held ON exaudit_internal.moves USING hash (new_entity_id) WHERE version_id IS NOT NULL; -- hash takes long keys

-- +goose StatementBegin
-- Notes a row that an update is about to move, and as what.
CREATE FUNCTION exaudit_internal.note_move(relation oid, row_id tid, new_entity_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off -- the table is empty when this is planned, and need not stay so
AS $$
DECLARE
    noted tid;
    notes bigint;
BEGIN
    IF new_entity_id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO exaudit_internal.moves (relation, row_id, new_entity_id) VALUES (relation, row_id, new_entity_id)
    RETURNING ctid INTO noted;
    SELECT count(*) INTO notes FROM exaudit_internal.moves m
    WHERE m.relation = note_move.relation AND m.row_id = note_move.row_id AND m.transaction_id = pg_catalog.pg_current_xact_id();
    IF notes > 1 THEN -- noted already, for the key of a partition's own partitions
        DELETE FROM exaudit_internal.moves m
        WHERE m.relation = note_move.relation AND m.row_id = note_move.row_id AND m.transaction_id = pg_catalog.pg_current_xact_id()
          AND m.ctid <> noted;
    ELSIF notes = 0 THEN -- after SET CONSTRAINTS ALL IMMEDIATE, the end of the move has come at once
        SET CONSTRAINTS exaudit_internal.move_ends DEFERRED;
        INSERT INTO exaudit_internal.moves (relation, row_id, new_entity_id) VALUES (relation, row_id, new_entity_id);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.note_move TO exaudit_writer;

-- Holds back the DELETE of a row that was noted, and tells whether it was.
CREATE FUNCTION exaudit_internal.begin_move(
    table_id integer, relation oid, row_id tid, image jsonb, present jsonb, key_columns jsonb
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    root    oid := exaudit_internal.recorded_root(table_id, relation);
    options jsonb;
    noted   boolean;
    command bigint;
    shown   jsonb := image;
BEGIN
    SELECT m.cmin::text::bigint, t.options,
           (SELECT s.relation = root AND s.columns = present FROM exaudit_internal.column_snapshots s
            WHERE s.table_id = t.id ORDER BY s.since DESC LIMIT 1)
    INTO command, options, noted
    FROM exaudit_internal.moves m, exaudit.tables t
    WHERE m.relation = begin_move.relation AND m.row_id = begin_move.row_id AND m.transaction_id = pg_catalog.pg_current_xact_id()
      AND t.id = begin_move.table_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF options <> '{}' THEN
        shown := exaudit_internal.redacted_image(table_id, root, image);
    END IF;
    IF noted IS NOT TRUE THEN -- before the id
        PERFORM exaudit_internal.note_columns(table_id, root, present);
    END IF;
    UPDATE exaudit_internal.moves m
    SET table_id = begin_move.table_id,
        version_id = pg_catalog.nextval('exaudit.versions_id_seq'),
        noted_by = command,
        depth = pg_catalog.pg_trigger_depth(),
        entity_id = exaudit_internal.entity_id_in(begin_move.key_columns, shown),
        image = begin_move.image,
        before = CASE WHEN options ? 'where' AND NOT exaudit_internal.matches_condition(begin_move.table_id, begin_move.relation, begin_move.image) THEN NULL
                      ELSE shown END,
        custom = pg_catalog.current_setting('exaudit.custom', true),
        rollback = pg_catalog.current_setting('exaudit.rollback', true)
    WHERE m.relation = begin_move.relation AND m.row_id = begin_move.row_id AND m.transaction_id = pg_catalog.pg_current_xact_id();
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.begin_move TO exaudit_writer;

-- Records an INSERT as the update that it is the second half of, and tells whether it is
-- one. A move's INSERT comes right after its DELETE, among the triggers of one depth, with
-- the key that was noted, and its row was written by the command that was going on when
-- that was noted: a row of a later one only looks the same. Of a row that a trigger has
-- touched already, the command is not known.
CREATE FUNCTION exaudit_internal.finish_move(
    table_id integer, relation oid, command cid, image jsonb, present jsonb, key_columns jsonb
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    held record;
    key  text := exaudit_internal.entity_id_in(key_columns, image);
BEGIN
    SELECT m.ctid, m.image, m.version_id INTO held
    FROM exaudit_internal.moves m
    WHERE m.new_entity_id = key
      AND m.version_id IS NOT NULL
      AND m.transaction_id = pg_catalog.pg_current_xact_id()
      AND m.table_id = finish_move.table_id
      AND m.depth = pg_catalog.pg_trigger_depth()
      AND (command IS NULL OR m.noted_by > command::text::bigint)
    ORDER BY m.version_id DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM exaudit_internal.moves m WHERE m.ctid = held.ctid;
    PERFORM exaudit_internal.record_altered(table_id, relation, held.image, image, present, key_columns, held.version_id,
                                   command => command::text::bigint);
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.finish_move TO exaudit_writer;

-- At the end of the transaction, records a DELETE that was held back and no INSERT followed,
-- with the session's data of then.
CREATE FUNCTION exaudit_internal.end_move() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET enable_seqscan = off
AS $$
DECLARE
    held     exaudit_internal.moves;
    custom   text := pg_catalog.current_setting('exaudit.custom', true);
    rollback text := pg_catalog.current_setting('exaudit.rollback', true);
BEGIN
    IF TG_RELID <> 'exaudit_internal.moves'::regclass OR TG_NAME <> 'move_ends' THEN
        PERFORM exaudit_internal.refuse_trigger('end_move', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    FOR held IN
        DELETE FROM exaudit_internal.moves m
        WHERE m.relation = NEW.relation AND m.row_id = NEW.row_id AND m.transaction_id = NEW.transaction_id
        RETURNING m.*
    LOOP
        CONTINUE WHEN held.before IS NULL; -- not deleted, or not recorded
        PERFORM pg_catalog.set_config('exaudit.custom', held.custom, true),
                pg_catalog.set_config('exaudit.rollback', held.rollback, true);
        PERFORM exaudit_internal.record(held.table_id, 'deleted', held.entity_id, NULL, held.before, NULL, version_id => held.version_id);
        PERFORM pg_catalog.set_config('exaudit.custom', custom, true),
                pg_catalog.set_config('exaudit.rollback', rollback, true);
    END LOOP;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER move_ends AFTER INSERT ON exaudit_internal.moves
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION exaudit_internal.end_move();
ALTER TABLE exaudit_internal.moves ENABLE ALWAYS TRIGGER move_ends;

GRANT CREATE ON SCHEMA exaudit_internal TO exaudit_writer;
RESET ROLE;
ALTER FUNCTION exaudit_internal.end_move OWNER TO exaudit_writer;
REVOKE CREATE ON SCHEMA exaudit_internal FROM exaudit_writer;

-- +goose Down
-- The first migration drops everything.
