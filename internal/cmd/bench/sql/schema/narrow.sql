CREATE TABLE narrow (id integer PRIMARY KEY, name text NOT NULL, amount numeric NOT NULL);
INSERT INTO narrow
SELECT number, 'name ' || number, number % 1000
FROM generate_series(1, current_setting('bench.rows')::integer) AS number;
