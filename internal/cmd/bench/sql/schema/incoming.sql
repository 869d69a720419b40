-- Rows for the table of orders, so that making them is no part of what is measured.
CREATE UNLOGGED TABLE incoming AS
SELECT created.*
FROM generate_series(1 + current_setting('bench.rows')::bigint,
                     current_setting('bench.rows')::bigint + current_setting('bench.changes')::bigint) AS number,
     new_order(number) AS created;
