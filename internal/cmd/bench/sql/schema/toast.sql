-- A text of 4 kB that does not compress and is stored out of line.
CREATE TABLE toast (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, body text NOT NULL);
INSERT INTO toast (id, body)
SELECT number, (SELECT string_agg(md5(number || '-' || part), '') FROM generate_series(1, 128) AS part)
FROM generate_series(1, current_setting('bench.rows')::bigint) AS number;
