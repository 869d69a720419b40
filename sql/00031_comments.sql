-- What psql says about the schemas: \d+ exaudit.*, \df+ exaudit.*.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- exaudit
COMMENT ON SCHEMA exaudit IS 'The recorded history, for people: versions, history, tables, marks, rollbacks, and functions to read them.';
COMMENT ON SCHEMA exaudit_internal IS 'The functions and tables of exaudit itself. Do not use them: they change without notice.';
COMMENT ON TYPE exaudit.action IS 'What a version records: that a row was created, updated or deleted; or, as a baseline, how it was, without a change.';
COMMENT ON TABLE exaudit.tables IS 'The tables that are or were tracked, one row for each, with its last known name.';
COMMENT ON TABLE exaudit.versions IS 'The recorded changes, one row for each change of a row of a tracked table. Append-only.';
COMMENT ON TABLE exaudit.marks IS 'Named points in the history; see the function exaudit.mark.';
COMMENT ON TABLE exaudit.rollbacks IS 'Which rollback undid which version. A version is undone while one of its rollbacks is not undone itself. Append-only.';
COMMENT ON VIEW exaudit.history IS 'The versions with the names of their tables, for those tables that the current user may read in full.';
COMMENT ON COLUMN exaudit.tables.id IS 'The id of the table in exaudit.versions. It stays the same when the table is renamed or restored from a dump.';
COMMENT ON COLUMN exaudit.tables.key_columns IS 'The columns of the primary key, in its order.';
COMMENT ON COLUMN exaudit.tables.options IS 'The options that the table was installed with.';
COMMENT ON COLUMN exaudit.tables.tracked IS 'Whether the triggers of the table are installed.';
COMMENT ON COLUMN exaudit.tables.complete_since IS 'The time since which every change is recorded and has not been removed by retention.';
COMMENT ON COLUMN exaudit.tables.complete_after IS 'The id of the version after which every change is recorded and has not been removed by retention.';
COMMENT ON COLUMN exaudit.tables.without_images IS 'Whether the table has or had the option skip_insert_image.';
COMMENT ON COLUMN exaudit.tables.forgotten_at IS 'When retention last removed versions of the table.';
COMMENT ON COLUMN exaudit.versions.table_id IS 'The table: exaudit.tables.id.';
COMMENT ON COLUMN exaudit.versions.action IS 'What happened to the row.';
COMMENT ON COLUMN exaudit.marks.name IS 'The name of the mark.';
COMMENT ON COLUMN exaudit.marks.snapshot IS 'Which transactions had committed when the mark was made.';
COMMENT ON COLUMN exaudit.marks.created_at IS 'When the mark was made, by the clock of the server.';
COMMENT ON COLUMN exaudit.marks.created_by IS 'The user who made the mark (session_user).';
COMMENT ON COLUMN exaudit.rollbacks.version_id IS 'The version that was undone.';
COMMENT ON COLUMN exaudit.rollbacks.rollback_id IS 'The version that undid it.';
COMMENT ON COLUMN exaudit.tables.schema_name IS 'The schema, as last known.';
COMMENT ON COLUMN exaudit.tables.table_name IS 'The name, as last known. If a table was dropped and created again, both have the same name.';
COMMENT ON COLUMN exaudit.tables.option_columns IS 'The attribute numbers of the columns in the options, which stay the same when a column is renamed.';
COMMENT ON COLUMN exaudit.tables.created_at IS 'When the table was first tracked.';
COMMENT ON COLUMN exaudit.tables.forgotten_transaction_id IS 'The newest transaction of which retention removed versions.';
COMMENT ON COLUMN exaudit.marks.last_id IS 'The last id of a version when the mark was made.';
COMMENT ON COLUMN exaudit.marks.restored_id IS 'The last id of a version that had come with a restored dump when the mark was made.';
COMMENT ON COLUMN exaudit.marks.note IS 'What the mark is for.';
COMMENT ON COLUMN exaudit.rollbacks.table_id IS 'The table: exaudit.tables.id.';
COMMENT ON COLUMN exaudit.rollbacks.version_transaction_id IS 'The transaction of the version that was undone.';
COMMENT ON COLUMN exaudit.rollbacks.rollback_transaction_id IS 'The transaction of the rollback.';
COMMENT ON COLUMN exaudit.history.id IS 'The number of the version (exaudit.versions.id). The versions of one row are in this order.';
COMMENT ON COLUMN exaudit.history.recorded_at IS 'When the transaction that made the change began.';
COMMENT ON COLUMN exaudit.history.schema_name IS 'The schema of the table, as last known.';
COMMENT ON COLUMN exaudit.history.table_name IS 'The name of the table, as last known.';
COMMENT ON COLUMN exaudit.history.entity_id IS 'The primary key as text; a JSON array if it has several columns; a SHA-256 if it is longer than 2,000 bytes.';
COMMENT ON COLUMN exaudit.history.action IS 'What happened to the row.';
COMMENT ON COLUMN exaudit.history.before IS 'deleted: the whole row; updated: the old values of the changed columns.';
COMMENT ON COLUMN exaudit.history.after IS 'created, baseline: the whole row, NULL if it was not stored (option skip_insert_image); updated: the new values of the changed columns.';
COMMENT ON COLUMN exaudit.history.custom IS 'What the application said about the change in the setting exaudit.custom.';
COMMENT ON COLUMN exaudit.history.rollback IS 'Whether a revert, an undo or a redo wrote the version.';
COMMENT ON COLUMN exaudit.history.transaction_id IS 'The transaction that made the change.';
COMMENT ON COLUMN exaudit.history.previous_entity_id IS 'The key before the change, if the change was one of the primary key.';
COMMENT ON COLUMN exaudit.history.session_user_name IS 'The user who was logged in (session_user), if the table has the option record_session_user.';
COMMENT ON FUNCTION exaudit.entity_id IS 'Returns the entity_id of a key: SELECT exaudit.entity_id(''public.order_lines'', ''[7, 2]'').';
COMMENT ON FUNCTION exaudit.as_of(anyelement, timestamp with time zone) IS 'Returns the rows of a table as of a time: SELECT * FROM exaudit.as_of(NULL::public.orders, ''2026-01-31''). With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.as_of(anyelement, timestamp with time zone, text) IS 'Returns the rows of a table as of a time: SELECT * FROM exaudit.as_of(NULL::public.orders, ''2026-01-31''). With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.as_of_version(anyelement, bigint) IS 'Returns the rows of a table as of a version of any table, that is, just after it. With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.as_of_version(anyelement, bigint, text) IS 'Returns the rows of a table as of a version of any table, that is, just after it. With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.states IS 'Returns the states of one row, the oldest first and the present one last. The key is the present key of the row, or its last one.';
COMMENT ON FUNCTION exaudit.mark IS 'Makes a mark, a named point. Everything that is committed is before it; what the current transaction has changed is after it.';
COMMENT ON FUNCTION exaudit.find_mark IS 'Returns the mark with a name. Raises an error if there is none.';
COMMENT ON FUNCTION exaudit.after_mark IS 'Reports whether a version is after a mark.';
COMMENT ON FUNCTION exaudit.remove_mark IS 'Removes a mark. Members of exaudit_owner may remove all marks, others only their own.';
COMMENT ON FUNCTION exaudit.as_of_transaction(anyelement, xid8) IS 'Returns the rows of a table as of a transaction, that is, just after its last version. With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.as_of_transaction(anyelement, xid8, text) IS 'Returns the rows of a table as of a transaction, that is, just after its last version. With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.as_of_mark(anyelement, text) IS 'Returns the rows of a table as of a mark: as they were committed when it was made. With a key, returns only the row that had the key then.';
COMMENT ON FUNCTION exaudit.as_of_mark(anyelement, text, text) IS 'Returns the rows of a table as of a mark: as they were committed when it was made. With a key, returns only the row that had the key then.';

-- exaudit_internal: guards
COMMENT ON FUNCTION exaudit_internal.refuse_change IS 'Refuses changes of recorded versions, except deletes by retention.';
COMMENT ON FUNCTION exaudit_internal.refuse_custom_change IS 'Refuses changes of custom columns of versions, except those that a foreign key makes.';
COMMENT ON FUNCTION exaudit_internal.refuse_trigger IS 'Raises an error: a trigger function was called by a trigger that it was not written for.';
COMMENT ON FUNCTION exaudit_internal.check_trigger IS 'Raises an error if a trigger function was called by a trigger that it was not written for.';

-- exaudit_internal: registry
COMMENT ON TABLE exaudit_internal.periods IS 'The past times in which a table was tracked, with what is known of its rows then.';
COMMENT ON TABLE exaudit_internal.column_snapshots IS 'What the columns of a tracked table were, from the version after "since" on.';
COMMENT ON VIEW exaudit_internal.relations IS 'The relation of each registered table that still exists.';
COMMENT ON FUNCTION exaudit_internal.tables_of IS 'Returns the tables of exaudit.tables that are a relation.';
COMMENT ON FUNCTION exaudit_internal.readable_tables IS 'Returns the tables whose history the current user may read.';

-- exaudit_internal: versions
COMMENT ON TABLE exaudit_internal.key_changes IS 'The versions that changed a primary key, with the number of the statement. Append-only.';
COMMENT ON FUNCTION exaudit_internal.version_columns IS 'Returns the columns of exaudit.versions that are not custom columns.';
COMMENT ON FUNCTION exaudit_internal.custom_values IS 'Returns the values of the custom columns of a version.';
COMMENT ON FUNCTION exaudit_internal.forget_key_changes IS 'Removes the key changes of versions that retention removes.';

-- exaudit_internal: types
COMMENT ON FUNCTION exaudit_internal.quoted_name IS 'Returns a name as an expression of PL/pgSQL takes it, quoted where SQL or PL/pgSQL reserves it.';
COMMENT ON FUNCTION exaudit_internal.free_name IS 'Returns a quoted name that no column of a relation has: the given one, or one like it.';
COMMENT ON FUNCTION exaudit_internal.encoding IS 'Returns how values of a type are written into images.';
COMMENT ON FUNCTION exaudit_internal.base_type IS 'Returns the type beneath a domain, or the type itself.';
COMMENT ON FUNCTION exaudit_internal.has_domain IS 'Reports whether reading a value of a type checks a domain.';
COMMENT ON FUNCTION exaudit_internal.plain_type IS 'Returns the type under which values of a type are read without checking a domain.';
COMMENT ON FUNCTION exaudit_internal.type_parts IS 'Returns the parts of a type that ALTER TYPE may change.';
COMMENT ON FUNCTION exaudit_internal.type_name IS 'Returns the name of a type, the same under any search_path.';
COMMENT ON FUNCTION exaudit_internal.base_type_cast IS 'Returns the cast from a domain to the type beneath it; an empty text for other types.';
COMMENT ON FUNCTION exaudit_internal.settings IS 'Returns the settings that the text of a type''s values depends on, with the values under which they are recorded.';
COMMENT ON FUNCTION exaudit_internal.float_value(double precision) IS 'Returns a floating-point number as JSON that keeps the sign of zero.';
COMMENT ON FUNCTION exaudit_internal.float_value(real) IS 'Returns a floating-point number as JSON that keeps the sign of zero.';
COMMENT ON FUNCTION exaudit_internal.text_value IS 'Returns a value as its type''s output function writes it.';
COMMENT ON FUNCTION exaudit_internal.is_list IS 'Reports whether an array has one dimension and is counted from 1.';
COMMENT ON FUNCTION exaudit_internal.array_value IS 'Returns an array as a JSON list, or as text if it is not a list.';
COMMENT ON FUNCTION exaudit_internal.float_array_value IS 'Returns an array of floating-point numbers as a JSON list, or as text if it is not a list or holds -0.';
COMMENT ON FUNCTION exaudit_internal.format_array_value IS 'Returns an array as a JSON list of its elements'' texts, or as text if it is not a list.';
COMMENT ON FUNCTION exaudit_internal.value_expression IS 'Returns an SQL expression for the encoded value of a column.';
COMMENT ON FUNCTION exaudit_internal.unchecked_columns IS 'Returns the columns that are NOT NULL and may hold NULL in rows that were not checked.';
COMMENT ON FUNCTION exaudit_internal.is_same_if_equal IS 'Reports whether equal values of a type are always stored the same.';
COMMENT ON FUNCTION exaudit_internal.changed_expression IS 'Returns an SQL expression that is true where the stored values of a column differ.';
COMMENT ON FUNCTION exaudit_internal.plain_value IS 'Returns an SQL expression that reads a column under its plain type.';
COMMENT ON FUNCTION exaudit_internal.type_named IS 'Returns the type with a name; NULL if there is none.';
COMMENT ON FUNCTION exaudit_internal.columns_of_types IS 'Returns the columns of a relation that have one of some types, or a domain over one of them.';

-- exaudit_internal: images
COMMENT ON VIEW exaudit_internal.table_columns IS 'The recorded columns of all tables, with their encodings.';
COMMENT ON FUNCTION exaudit_internal.image_expression IS 'Returns an SQL expression for the image of a row.';
COMMENT ON FUNCTION exaudit_internal.with_value IS 'Adds the value of a column to an image; a NULL image is taken as empty.';
COMMENT ON FUNCTION exaudit_internal.with_json_value IS 'Adds the value of a jsonb column to an image, with a note of a JSON null.';
COMMENT ON FUNCTION exaudit_internal.note_json_null IS 'Notes in an image that a column holds a JSON null, not an SQL NULL.';
COMMENT ON FUNCTION exaudit_internal.note_masked IS 'Puts a placeholder for a masked column into an image.';
COMMENT ON FUNCTION exaudit_internal.add_notes IS 'Adds notes and their placeholders to an image.';
COMMENT ON FUNCTION exaudit_internal.redact IS 'Returns an image without the excluded columns, with placeholders for the masked ones.';
COMMENT ON FUNCTION exaudit_internal.encode IS 'Returns the image of a row of any table.';
COMMENT ON FUNCTION exaudit_internal.encode_query IS 'Returns the query that makes the image of a table''s row; NULL if to_jsonb does.';
COMMENT ON FUNCTION exaudit_internal.encode_with IS 'Returns the image of a row by a query that encode_query made.';
COMMENT ON FUNCTION exaudit_internal.column_names IS 'Returns the recorded columns of a row.';
COMMENT ON FUNCTION exaudit_internal.with_notes IS 'Adds to a part of an image the notes on its columns.';
COMMENT ON FUNCTION exaudit_internal.row_type IS 'Returns the type of a table''s rows.';
COMMENT ON FUNCTION exaudit_internal.is_placeholder IS 'Reports whether a column''s value in an image is a placeholder.';
COMMENT ON FUNCTION exaudit_internal.without_placeholders IS 'Returns an image without its placeholders.';
COMMENT ON FUNCTION exaudit_internal.preview IS 'Returns an image in which long values are cut, each with a digest.';

-- exaudit_internal: limits
COMMENT ON FUNCTION exaudit_internal.toast_table IS 'Returns the TOAST table of a relation; NULL if it has none.';
COMMENT ON FUNCTION exaudit_internal.toast_threshold IS 'Returns the size in bytes from which values of a column are stored out of line.';
COMMENT ON FUNCTION exaudit_internal.inline_limit IS 'Returns the same as toast_threshold, to be planned with.';
COMMENT ON FUNCTION exaudit_internal.image_limit IS 'Returns how many bytes an image may have.';
COMMENT ON FUNCTION exaudit_internal.wide_columns IS 'Returns the columns of a relation whose values may be too large for an image.';
COMMENT ON FUNCTION exaudit_internal.oversized_expression IS 'Returns an SQL expression that is true for a row whose image may be too large; NULL if none can be.';
COMMENT ON FUNCTION exaudit_internal.note_oversized IS 'Puts a placeholder for a value that is too large into an image.';
COMMENT ON FUNCTION exaudit_internal.bounded_image IS 'Returns the image of some columns of a row, with placeholders for values that are too large.';
COMMENT ON FUNCTION exaudit_internal.without_value IS 'Puts a placeholder with the digest of a value that is too large into an image.';
COMMENT ON FUNCTION exaudit_internal.bounded_changes IS 'Returns what an update of a row with large values changed.';

-- exaudit_internal: decoding
COMMENT ON FUNCTION exaudit_internal.decode_query IS 'Returns a query that reads an image as a row, over a base row.';
COMMENT ON FUNCTION exaudit_internal.plain_query IS 'Returns a query that reads an image as a record of plain types.';
COMMENT ON FUNCTION exaudit_internal.row_columns IS 'Returns the columns of a row type, under their own types or their plain ones.';
COMMENT ON FUNCTION exaudit_internal.row_definition IS 'Returns the column definition list of a row type.';
COMMENT ON FUNCTION exaudit_internal.decode IS 'Returns the row of an image; columns that the image lacks keep the value of the base row.';
COMMENT ON FUNCTION exaudit_internal.decode_all IS 'Returns the rows of many images, in their order.';
COMMENT ON FUNCTION exaudit_internal.normalize IS 'Returns an image as the table''s types write it; raises an error for a key that is no column.';
COMMENT ON FUNCTION exaudit_internal.rows_of IS 'Returns the rows of many images as records.';
COMMENT ON FUNCTION exaudit_internal.rows_query IS 'Returns a query that reads images as rows of a table under plain types.';
COMMENT ON FUNCTION exaudit_internal.is_legible IS 'Reports whether an image can be read as a row of its table.';

-- exaudit_internal: shape
COMMENT ON FUNCTION exaudit_internal.shape IS 'Returns what trigger functions are written for: columns and primary key of a relation.';
COMMENT ON FUNCTION exaudit_internal.check_snapshot IS 'Raises an error if the current snapshot is older than the relation as it is.';
COMMENT ON FUNCTION exaudit_internal.shape_digest IS 'Returns the digest of a shape, which trigger functions contain.';
COMMENT ON FUNCTION exaudit_internal.has_shape IS 'Reports whether a relation has the columns and the key that a trigger function was written for.';
COMMENT ON FUNCTION exaudit_internal.changed_columns IS 'Returns the columns that an update changed, before and after.';
COMMENT ON FUNCTION exaudit_internal.present_columns IS 'Returns what the columns of a relation are, as column_snapshots keeps them.';
COMMENT ON FUNCTION exaudit_internal.unnoted_columns IS 'Returns a table''s columns if the last snapshot is not of them as they are; NULL otherwise.';
COMMENT ON FUNCTION exaudit_internal.take_snapshot IS 'Adds a snapshot of a table''s columns if they have changed.';
COMMENT ON FUNCTION exaudit_internal.note_columns IS 'Adds a snapshot of a table''s columns if they have changed.';
COMMENT ON FUNCTION exaudit_internal.key_periods IS 'Returns the times at which a table had different primary keys, the oldest first.';
COMMENT ON FUNCTION exaudit_internal.key_since IS 'Returns the id of the version after which a table has its present primary key; 0 if always.';

-- exaudit_internal: keys
COMMENT ON FUNCTION exaudit_internal.key_columns IS 'Returns the columns of a relation''s primary key, in its order.';
COMMENT ON FUNCTION exaudit_internal.bounded_key IS 'Returns a key as versions carry it: a long one is a digest.';
COMMENT ON FUNCTION exaudit_internal.entity_id_in IS 'Returns the entity_id of an image, by some key columns.';
COMMENT ON FUNCTION exaudit_internal.entity_id_of IS 'Returns the entity_id of an image of a relation''s row.';
COMMENT ON FUNCTION exaudit_internal.entity_id_expression IS 'Returns an SQL expression for the entity_id of a row.';
COMMENT ON FUNCTION exaudit_internal.key_image IS 'Returns the image of the key columns of an entity; NULL if a digest''s row is not there.';
COMMENT ON FUNCTION exaudit_internal.key_types IS 'Returns the key columns of a relation with their plain types.';
COMMENT ON FUNCTION exaudit_internal.key_definition IS 'Returns the column definition list of a relation''s key.';
COMMENT ON FUNCTION exaudit_internal.key_record IS 'Returns the key of an image as a record.';
COMMENT ON FUNCTION exaudit_internal.key_condition IS 'Returns the SQL condition that a row t has the key k.';
COMMENT ON FUNCTION exaudit_internal.target IS 'Returns a relation as a statement names it, without its inheritance children.';
COMMENT ON FUNCTION exaudit_internal.has_one_spelling IS 'Reports whether equal keys of a relation are always spelled the same.';
COMMENT ON FUNCTION exaudit_internal.qualified_name IS 'Returns the quoted name of a relation with its schema.';
COMMENT ON FUNCTION exaudit_internal.check_key IS 'Raises an error for a key that is NULL.';

-- exaudit_internal: session
COMMENT ON VIEW exaudit_internal.columns_beside IS 'The custom columns of exaudit.versions and of its copies.';
COMMENT ON VIEW exaudit_internal.custom_columns IS 'The custom columns of exaudit.versions.';
COMMENT ON FUNCTION exaudit_internal.holds_escape IS 'Reports whether text of this database can hold what an escape of JSON stands for.';
COMMENT ON FUNCTION exaudit_internal.custom_data IS 'Returns custom data as jsonb; escapes that the database cannot hold stay as they are written.';
COMMENT ON FUNCTION exaudit_internal.session_data IS 'Returns what the session says about its changes, as a row of exaudit.versions.';
COMMENT ON FUNCTION exaudit_internal.custom_column_list IS 'Returns the custom columns in the form in which trigger functions contain them.';
COMMENT ON FUNCTION exaudit_internal.has_custom_columns IS 'Reports whether the custom columns are those that a trigger function was written for.';
COMMENT ON FUNCTION exaudit_internal.custom_column_flaws IS 'Returns what is wrong with the custom columns, and the cures.';
COMMENT ON FUNCTION exaudit_internal.session_user_name IS 'Returns the user who is logged in, if a table has the option record_session_user.';
COMMENT ON FUNCTION exaudit_internal.empty_copy IS 'Creates an empty copy of exaudit.versions to try columns on.';
COMMENT ON FUNCTION exaudit_internal.create_copy_of_referenced IS 'Creates an empty copy of a table that a column references.';

-- exaudit_internal: partitions
COMMENT ON FUNCTION exaudit_internal.partition_tree IS 'Returns a relation and its partitions on all levels, without locking them.';
COMMENT ON FUNCTION exaudit_internal.trigger_condition IS 'Returns the condition of a trigger in a form to compare; NULL if it has none.';
COMMENT ON FUNCTION exaudit_internal.recorded_table IS 'Returns the relation that rows of a relation are recorded as; NULL if its trigger may not fire there.';
COMMENT ON FUNCTION exaudit_internal.recorded_root IS 'Returns the same as recorded_table, for a relation that the trigger may fire for.';
COMMENT ON FUNCTION exaudit_internal.is_partition_of IS 'Reports whether a relation is a partition of another, on any level.';
COMMENT ON FUNCTION exaudit_internal.check_table IS 'Raises an error if a trigger may not fire for a relation.';
COMMENT ON FUNCTION exaudit_internal.is_watched IS 'Reports whether the triggers of a table are there and enabled, on each of its partitions.';
COMMENT ON FUNCTION exaudit_internal.note_unwatched IS 'Notes that a table has been changed without being recorded.';

-- exaudit_internal: options
COMMENT ON FUNCTION exaudit_internal.option_columns IS 'Returns the present names of the columns that an option lists.';
COMMENT ON FUNCTION exaudit_internal.reveals_columns IS 'Reports whether options record a column that was excluded.';
COMMENT ON FUNCTION exaudit_internal.hides_changes IS 'Reports whether options let rows change without a version.';
COMMENT ON FUNCTION exaudit_internal.set_options IS 'Sets the options of a table.';
COMMENT ON FUNCTION exaudit_internal.condition_argument IS 'Returns how a value of a column is passed to the function of a condition.';
COMMENT ON FUNCTION exaudit_internal.condition_columns IS 'Returns the columns that the condition of a table uses.';
COMMENT ON FUNCTION exaudit_internal.former_labels IS 'Returns the names that labels of an enum had when a condition was bound.';
COMMENT ON FUNCTION exaudit_internal.condition_problem IS 'Returns why the condition of a table cannot be evaluated; NULL if it can.';
COMMENT ON FUNCTION exaudit_internal.condition_arguments IS 'Returns the arguments of the function of a table''s condition, for a row.';
COMMENT ON FUNCTION exaudit_internal.condition_query IS 'Returns a query that evaluates the condition of a table for an image.';
COMMENT ON FUNCTION exaudit_internal.condition_flaw IS 'Returns what is wrong with the function of a table''s condition; NULL if nothing is.';
COMMENT ON FUNCTION exaudit_internal.matches_condition IS 'Reports whether an image satisfies the condition of its table, or the condition cannot be evaluated.';
COMMENT ON FUNCTION exaudit_internal.redacted_image IS 'Returns a whole image as the options of a table say.';

-- exaudit_internal: record
COMMENT ON FUNCTION exaudit_internal.note_key_change IS 'Records a change of a primary key, and returns the version''s id.';
COMMENT ON FUNCTION exaudit_internal.command_of IS 'Returns the number of the command that wrote a row.';
COMMENT ON FUNCTION exaudit_internal.record IS 'Adds one version with the session''s data.';
COMMENT ON FUNCTION exaudit_internal.check_restored IS 'Raises an error while a dump is being loaded, or if ids lag behind the versions.';
COMMENT ON FUNCTION exaudit_internal.last_version_id IS 'Returns the last id that was given to a version; 0 before the first.';
COMMENT ON FUNCTION exaudit_internal.stored_images IS 'Returns what is stored of both images of a change.';
COMMENT ON FUNCTION exaudit_internal.record_altered IS 'Records a change of a table that was altered since its triggers were written.';
COMMENT ON FUNCTION exaudit_internal.description IS 'Returns what record_whole_row needs to know of a relation.';
COMMENT ON FUNCTION exaudit_internal.record_whole_row IS 'Records a change of a table that a trigger function was not written for, or not as it is.';
COMMENT ON FUNCTION exaudit_internal.record_update IS 'Records an update of a key, of a large value, or of what generated functions compare in another way.';
COMMENT ON FUNCTION exaudit_internal.record_with_custom_data IS 'Adds one version with the session''s custom data, if exaudit.versions has no custom columns to fill. Returns NULL.';
COMMENT ON FUNCTION exaudit_internal.record_row IS 'Records a change of a table, of which nothing is known in advance.';
COMMENT ON FUNCTION exaudit_internal.altered_rows_query IS 'Returns a query that records all rows of a statement by record_altered.';

-- exaudit_internal: truncate
COMMENT ON FUNCTION exaudit_internal.has_truncate_policy IS 'Reports whether there is the policy that lets exaudit_writer read every row.';
COMMENT ON FUNCTION exaudit_internal.restrictive_policies IS 'Returns the restrictive policies that keep rows from exaudit_writer.';
COMMENT ON FUNCTION exaudit_internal.reads_every_row IS 'Reports whether exaudit_writer can read every row without running code of the table''s owner.';
COMMENT ON FUNCTION exaudit_internal.planned_code IS 'Returns which code of other roles might run as exaudit_writer when it reads a relation; NULL if there is none.';
COMMENT ON FUNCTION exaudit_internal.untriggered_partitions IS 'Returns the partitions whose rows a TRUNCATE trigger above them has to record.';
COMMENT ON FUNCTION exaudit_internal.record_rows IS 'Records rows of a table whole, as deleted or as a baseline, and returns their number.';
COMMENT ON FUNCTION exaudit_internal.record_truncated IS 'Records the rows of a relation that is about to be truncated.';

-- exaudit_internal: moves
COMMENT ON TABLE exaudit_internal.moves IS 'Rows that are being moved to another partition, until the transaction ends.';
COMMENT ON FUNCTION exaudit_internal.note_move IS 'Notes that an update may move a row to another partition.';
COMMENT ON FUNCTION exaudit_internal.begin_move IS 'Holds back the DELETE of a row that moves, and reports whether it moves.';
COMMENT ON FUNCTION exaudit_internal.finish_move IS 'Records the INSERT of a row that moves as an update, and reports whether it did.';

-- exaudit_internal: follow
COMMENT ON FUNCTION exaudit_internal.follow_table IS 'Brings name, key and columns of a tracked table up to date.';
COMMENT ON FUNCTION exaudit_internal.follow_new_table IS 'Registers a new table and returns its id; NULL if it is registered.';
COMMENT ON FUNCTION exaudit_internal.key_names IS 'Returns the names of the columns of the primary key.';
COMMENT ON FUNCTION exaudit_internal.untrack_dropped_tables IS 'Marks dropped tables as not tracked.';
COMMENT ON FUNCTION exaudit_internal.untrack_dropped_relations IS 'Marks tables that were dropped just now as not tracked.';
COMMENT ON FUNCTION exaudit_internal.refresh_names IS 'Brings the names of renamed tables up to date.';
COMMENT ON FUNCTION exaudit_internal.tables_without_images IS 'Returns the tracked tables whose rows may have been recorded without an image.';
COMMENT ON FUNCTION exaudit_internal.statement_level_obstacles IS 'Returns why statement-level triggers would miss changes of a table.';

-- exaudit_internal: conditions
COMMENT ON FUNCTION exaudit_internal.hidden_name IS 'Returns a part of a condition that cannot be used at all; NULL if there is none.';
COMMENT ON FUNCTION exaudit_internal.compile_condition IS 'Returns a condition as an expression on the columns that it uses.';
COMMENT ON FUNCTION exaudit_internal.condition_objection IS 'Returns what is wrong with a condition; NULL if nothing is.';
COMMENT ON FUNCTION exaudit_internal.mutable_part IS 'Returns a part of a condition that does not depend on the row alone; NULL if there is none.';
COMMENT ON FUNCTION exaudit_internal.condition_function IS 'Returns the statement that creates the function of a condition.';
COMMENT ON FUNCTION exaudit_internal.drop_condition IS 'Drops the function of a table''s condition, and reports whether there was one.';
COMMENT ON FUNCTION exaudit_internal.bind_condition IS 'Creates or drops the function of a table''s condition.';

-- exaudit_internal: install
COMMENT ON FUNCTION exaudit_internal.end_tracking IS 'Records that a table is not tracked any more.';
COMMENT ON FUNCTION exaudit_internal.begin_install IS 'Lets one install run at a time.';
COMMENT ON FUNCTION exaudit_internal.run_for_partitions IS 'Runs a script for a table and for each of its partitions.';
COMMENT ON FUNCTION exaudit_internal.complete_partitions IS 'Creates what a table and its partitions need besides their triggers.';
COMMENT ON FUNCTION exaudit_internal.install_table IS 'Installs the triggers of a table, as generated migrations do.';
COMMENT ON FUNCTION exaudit_internal.uninstall_table IS 'Removes the triggers of a table. Its versions are kept.';

-- exaudit_internal: rows
COMMENT ON VIEW exaudit_internal.foreign_keys IS 'The foreign keys of all tables, with SQL conditions for the rows that they connect.';
COMMENT ON FUNCTION exaudit_internal.row_image IS 'Returns the image of the present row of an entity; NULL if there is none.';
COMMENT ON FUNCTION exaudit_internal.insert_row IS 'Inserts the row of an image.';
COMMENT ON FUNCTION exaudit_internal.update_row IS 'Sets the columns of a row that an image names.';
COMMENT ON FUNCTION exaudit_internal.delete_row IS 'Deletes the row of an entity.';
COMMENT ON FUNCTION exaudit_internal.referencing_rows IS 'Returns how many rows reference a row, by foreign key, and what would become of them.';
COMMENT ON FUNCTION exaudit_internal.present_row IS 'Returns what rows_before selects of a row that has not changed.';

-- exaudit_internal: search
COMMENT ON VIEW exaudit_internal.readable_versions IS 'The versions that the current user may read.';
COMMENT ON FUNCTION exaudit_internal.custom_index IS 'Returns the name of the index of a key of the custom data.';
COMMENT ON FUNCTION exaudit_internal.custom_index_statement IS 'Returns the statement that creates the index of a key of the custom data.';
COMMENT ON FUNCTION exaudit_internal.expose_custom_index IS 'Creates the view through which the index of a key of the custom data is used.';
COMMENT ON FUNCTION exaudit_internal.indexed_key IS 'Returns the first key of a filter''s custom data that has an index.';
COMMENT ON FUNCTION exaudit_internal.check_syntax IS 'Raises an error if a text is not a query.';
COMMENT ON FUNCTION exaudit_internal.check_condition IS 'Raises an error if a text is not one condition on a version v.';
COMMENT ON FUNCTION exaudit_internal.search_condition IS 'Returns one condition of a filter as SQL.';
COMMENT ON FUNCTION exaudit_internal.search_source IS 'Returns the FROM and WHERE of a search.';
COMMENT ON FUNCTION exaudit_internal.search_query IS 'Returns the query of a search.';
COMMENT ON FUNCTION exaudit_internal.search IS 'Returns the versions that pass a filter.';
COMMENT ON FUNCTION exaudit_internal.arm_probe IS 'Makes the next call of probe_bound return the least value.';
COMMENT ON FUNCTION exaudit_internal.probe_bound IS 'Returns the bound by which unsummarized_pages searches: once the least value, then the greatest one.';
COMMENT ON FUNCTION exaudit_internal.unsummarized_pages IS 'Returns how many pages index versions_id_time does not cover, and the first of them. Searches read all of these pages.';
COMMENT ON FUNCTION exaudit_internal.summarize_ranges IS 'Summarizes all block ranges of index versions_id_time, also those that a cancelled summarization left.';
COMMENT ON FUNCTION exaudit_internal.search_transactions IS 'Returns the transactions of the versions that pass a filter, the newest first.';
COMMENT ON FUNCTION exaudit_internal.transaction_parts IS 'Returns how many rows some transactions changed, by table.';

-- exaudit_internal: marks
COMMENT ON FUNCTION exaudit_internal.current_snapshot IS 'Returns the current snapshot with the current transaction among those in progress.';

-- exaudit_internal: points
COMMENT ON FUNCTION exaudit_internal.note_forgotten IS 'Notes, when retention removes versions, how far the history reaches back.';
COMMENT ON FUNCTION exaudit_internal.raise_problem IS 'Raises an error, or a warning, for a row whose state is not known.';
COMMENT ON FUNCTION exaudit_internal.known_table IS 'Returns the table of a row type, tracked or not any more; raises an error if its history cannot be read.';
COMMENT ON FUNCTION exaudit_internal.check_sight IS 'Raises an error if rows of a table may have changed without a version.';
COMMENT ON FUNCTION exaudit_internal.check_same_key IS 'Raises an error if a table had another primary key at a point.';
COMMENT ON FUNCTION exaudit_internal.period_of IS 'Returns the period of tracking that contains a point; raises an error if there is none.';
COMMENT ON FUNCTION exaudit_internal.with_equal_keys IS 'Returns keys that changed after a point, with those that were used after an equal one was left.';
COMMENT ON FUNCTION exaudit_internal.changes_after IS 'Returns the changes of a table after a point, for the functions since_as_of.';
COMMENT ON FUNCTION exaudit_internal.since_as_of IS 'Returns the changes of a table after a time.';
COMMENT ON FUNCTION exaudit_internal.since_as_of_version IS 'Returns the changes of a table after a version.';
COMMENT ON FUNCTION exaudit_internal.utc_text IS 'Returns a time as text, in UTC.';
COMMENT ON FUNCTION exaudit_internal.transaction_end IS 'Returns the last version of a transaction.';
COMMENT ON FUNCTION exaudit_internal.is_complete_since_mark IS 'Reports whether the history of a table reaches back to a mark.';
COMMENT ON FUNCTION exaudit_internal.since_as_of_transaction IS 'Returns the changes of a table after a transaction.';
COMMENT ON FUNCTION exaudit_internal.since_as_of_mark IS 'Returns the changes of a table after a mark.';

-- exaudit_internal: identity
COMMENT ON FUNCTION exaudit_internal.is_at_same_place IS 'Reports whether a row is still at the same place in its table.';
COMMENT ON FUNCTION exaudit_internal.may_share_keys IS 'Reports whether rows of a table may have the same key until a transaction ends.';
COMMENT ON FUNCTION exaudit_internal.shared_keys IS 'Returns the keys that several rows may have had at once.';
COMMENT ON FUNCTION exaudit_internal.rows_there IS 'Returns the rows that had some keys before an id.';
COMMENT ON FUNCTION exaudit_internal.changes_in_order IS 'Returns the changes under some keys, in the order of the statements.';
COMMENT ON FUNCTION exaudit_internal.steps_in_order IS 'Returns the changes under some keys, numbered by the steps in which they happened.';
COMMENT ON FUNCTION exaudit_internal.altered_columns IS 'Returns the columns that were renamed or given another type.';
COMMENT ON FUNCTION exaudit_internal.told_by_images IS 'Returns for each change which of the rows that share a key it changed, found out by images.';
COMMENT ON FUNCTION exaudit_internal.ends_well IS 'Reports whether at most one of some rows remains, and is the present one.';
COMMENT ON FUNCTION exaudit_internal.told_at_key IS 'Returns for each version which of the rows that share a key it is of.';
COMMENT ON FUNCTION exaudit_internal.images_now IS 'Returns the rows that have some keys now.';
COMMENT ON FUNCTION exaudit_internal.told_steps IS 'Returns the changes of steps_in_order; if keys are shared, with the change by which each row got its key.';
COMMENT ON FUNCTION exaudit_internal.who_goes IS 'Returns which of the rows with a key loses it, by their places in the table.';
COMMENT ON FUNCTION exaudit_internal.tell_apart IS 'Returns which version belongs to which row, for rows that have changed their keys or shared one.';
COMMENT ON FUNCTION exaudit_internal.first_to_tell_apart IS 'Returns the first id from which on rows can be told apart.';
COMMENT ON FUNCTION exaudit_internal.first_of_key_changes IS 'Returns the first id of the transactions that changed keys.';
COMMENT ON FUNCTION exaudit_internal.linked_keys IS 'Returns all keys that key changes link to some keys.';
COMMENT ON FUNCTION exaudit_internal.moved_versions IS 'Returns the versions of rows that have had some keys, row by row.';

-- exaudit_internal: rewind
COMMENT ON FUNCTION exaudit_internal.is_retyped IS 'Reports whether values of a column mean something else in a later snapshot.';
COMMENT ON FUNCTION exaudit_internal.renamed_labels IS 'Returns the present names of the labels of enums that were renamed.';
COMMENT ON FUNCTION exaudit_internal.column_epochs IS 'Returns the earlier names of the columns of a table, and which have changed their type since.';
COMMENT ON FUNCTION exaudit_internal.with_present_labels IS 'Returns a value of an enum under the present names of its labels.';
COMMENT ON FUNCTION exaudit_internal.with_present_names IS 'Returns an image under the present names of its columns.';
COMMENT ON FUNCTION exaudit_internal.holds IS 'Reports whether a row contains the values that a change gave it.';
COMMENT ON FUNCTION exaudit_internal.with_change IS 'Returns an image with the values of one side of a change.';
COMMENT ON FUNCTION exaudit_internal.may_be_twice IS 'Reports whether several rows may have had a key in the middle of a transaction.';
COMMENT ON FUNCTION exaudit_internal.row_before IS 'Returns a row as it was before a change.';
COMMENT ON FUNCTION exaudit_internal.rows_now IS 'Returns the rows that have some keys now, as images.';
COMMENT ON FUNCTION exaudit_internal.versions_back IS 'Returns the versions that rewind walks back through.';
COMMENT ON FUNCTION exaudit_internal.misfit IS 'Returns the problem of a row whose versions do not fit together.';
COMMENT ON FUNCTION exaudit_internal.created_images IS 'Returns the images of rows that were created without one.';
COMMENT ON FUNCTION exaudit_internal.image_before IS 'Returns the image of a row that was created by a version, by the next whole image.';
COMMENT ON FUNCTION exaudit_internal.states_after IS 'Returns rows as they were just after some of their versions.';
COMMENT ON FUNCTION exaudit_internal.image_then IS 'Returns an image under the names that columns had when a version was recorded.';
COMMENT ON FUNCTION exaudit_internal.rewind IS 'Returns rows as they were before some of their versions.';
COMMENT ON FUNCTION exaudit_internal.filled_images IS 'Adds to images the values that columns were filled with when they were added.';
COMMENT ON FUNCTION exaudit_internal.constant_text IS 'Returns the text of a default that is a constant; NULL for other defaults.';
COMMENT ON FUNCTION exaudit_internal.moved_since IS 'Returns rows that have changed their keys, as they were before some versions.';
COMMENT ON FUNCTION exaudit_internal.rows_before IS 'Returns the rows of a table as they were before some versions.';
COMMENT ON FUNCTION exaudit_internal.present_images IS 'Returns images of rows that are gone, with every column of their table.';
COMMENT ON FUNCTION exaudit_internal.rows_before_query IS 'Returns a query for the rows of a table before what came after a point.';

-- exaudit_internal: as_of
COMMENT ON FUNCTION exaudit_internal.as_of_query IS 'Returns a query for the rows of a table as of a point.';

-- exaudit_internal: baseline
COMMENT ON FUNCTION exaudit_internal.record_end IS 'Records the rows of a table as they are before it is uninstalled; returns why that was not possible, or NULL.';
COMMENT ON FUNCTION exaudit_internal.has_image IS 'Reports whether the whole row is known from its versions.';
COMMENT ON FUNCTION exaudit_internal.has_versions IS 'Reports whether anything was recorded of a row.';
COMMENT ON FUNCTION exaudit_internal.baseline_lock IS 'Returns the statement that locks a table for its baseline.';

-- exaudit_internal: functions without SET clauses
COMMENT ON FUNCTION exaudit_internal.is_pathless IS 'Reports whether the text of a type''s values does not depend on search_path.';
COMMENT ON FUNCTION exaudit_internal.stores_plainly IS 'Reports whether storing a version runs nothing that a user has added to exaudit.versions.';
COMMENT ON FUNCTION exaudit_internal.is_current IS 'Reports whether trigger functions without SET clauses may record a table.';
COMMENT ON FUNCTION exaudit_internal.is_unusual_setting IS 'Reports whether a setting has another value than sessions usually have.';
COMMENT ON FUNCTION exaudit_internal.has_session_data IS 'Reports whether the session has custom data. A session that undoes changes always has some.';
COMMENT ON FUNCTION exaudit_internal.is_rollback IS 'Reports whether the session undoes changes.';
COMMENT ON FUNCTION exaudit_internal.custom_setting IS 'Returns the setting exaudit.custom, or NULL if there is no custom data.';
COMMENT ON FUNCTION exaudit_internal.has_plain_custom_data IS 'Reports whether the session has custom data that jsonb takes as it is, and nothing else.';
COMMENT ON FUNCTION exaudit_internal.is_misfired IS 'Reports whether a trigger function was called by a trigger that it was not written for.';
COMMENT ON FUNCTION exaudit_internal.pin_settings IS 'Gives settings the values that recording needs, and returns those that they had.';
COMMENT ON FUNCTION exaudit_internal.restore_settings IS 'Restores the settings that pin_settings changed.';

-- exaudit_internal: rollbacks
COMMENT ON FUNCTION exaudit_internal.forget_rollbacks IS 'Removes what was noted of versions that retention removes.';
COMMENT ON FUNCTION exaudit_internal.lock_undo IS 'Lets one undo run at a time, until the transaction ends.';
COMMENT ON FUNCTION exaudit_internal.note_rollbacks IS 'Notes which versions of this transaction undid which versions.';
COMMENT ON FUNCTION exaudit_internal.rollbacks_of IS 'Returns what undid some versions, and what undid that.';
COMMENT ON FUNCTION exaudit_internal.key_records IS 'Returns the keys of many entities as records.';
COMMENT ON FUNCTION exaudit_internal.key_records_definition IS 'Returns the column definition list of key_records.';
COMMENT ON FUNCTION exaudit_internal.row_images IS 'Returns the images of the present rows of many entities.';
COMMENT ON FUNCTION exaudit_internal.later_versions IS 'Returns what happened to some entities from a version of each on.';
COMMENT ON FUNCTION exaudit_internal.write_rows IS 'Writes many rows of many tables in one statement.';
COMMENT ON FUNCTION exaudit_internal.group_statement IS 'Returns the statement of one group of write_rows.';
COMMENT ON FUNCTION exaudit_internal.same_value IS 'Returns an SQL condition that a column has the value of an image; NULL if values are not compared.';

-- exaudit_internal: unique
COMMENT ON FUNCTION exaudit_internal.unique_columns IS 'Returns the unique indexes of a table, and how to look for equal entries.';
COMMENT ON FUNCTION exaudit_internal.unquoted_key IS 'Returns a key whose text was taken for a JSON string as the JSON that the text is.';
COMMENT ON FUNCTION exaudit_internal.key_equality IS 'Returns SQL conditions that keys of a relation are equal, if equal ones may be spelled in several ways.';
COMMENT ON FUNCTION exaudit_internal.equal_keys IS 'Returns which keys are equal to which others, and spelled otherwise.';
COMMENT ON FUNCTION exaudit_internal.other_spellings IS 'Returns the other spellings of a key that have a history.';
COMMENT ON FUNCTION exaudit_internal.index_entries IS 'Returns what an index holds of the rows of images.';
COMMENT ON FUNCTION exaudit_internal.taken_values IS 'Returns the images with a unique value that another row has.';
COMMENT ON FUNCTION exaudit_internal.taken_entries IS 'Returns the images with a unique computed value that another row has.';
COMMENT ON FUNCTION exaudit_internal.rival_values IS 'Returns the images that would have the same unique value.';
COMMENT ON FUNCTION exaudit_internal.excluding_rows IS 'Returns which rows have to be written after others because of an exclusion constraint.';
COMMENT ON FUNCTION exaudit_internal.missing_references IS 'Returns the images that reference a row that is not there.';
COMMENT ON FUNCTION exaudit_internal.rows_referencing IS 'Returns the rows that reference rows which would be deleted or changed.';

-- exaudit_internal: retention
COMMENT ON FUNCTION exaudit_internal.horizon IS 'Returns the time before which versions are removed, for an option keep.';
COMMENT ON FUNCTION exaudit_internal.between_key_changes IS 'Returns an id up to which versions can be removed without dividing changes of keys of one transaction.';
COMMENT ON FUNCTION exaudit_internal.expired_ids IS 'Returns the ids up to which all versions of a table are older than its horizon.';
COMMENT ON FUNCTION exaudit_internal.kept_key_changes IS 'Returns the ids from which on versions are kept because of key changes.';
COMMENT ON FUNCTION exaudit_internal.surplus IS 'Returns the versions of a page that are not among the last ones of their entities.';
COMMENT ON FUNCTION exaudit_internal.remove_surplus IS 'Removes versions, and those that their rows had under former keys; returns their number.';

RESET ROLE; -- these belong to exaudit_writer
COMMENT ON FUNCTION exaudit.track IS 'Adds a version for a change that no trigger recorded, and returns its id. Nobody may execute it until it is granted.';
COMMENT ON FUNCTION exaudit.record_baseline IS 'Records rows of a table as they are, all or those of which no version has the whole row, and returns their number. The caller must lock the table first.';
COMMENT ON FUNCTION exaudit_internal.end_move IS 'Records a DELETE that was held back and that no INSERT followed.';

-- +goose Down
-- The first migration drops everything.
