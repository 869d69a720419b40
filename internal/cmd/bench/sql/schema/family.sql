-- Parents whose deletion takes their children along.
CREATE TABLE parents (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE children (
    id        bigint PRIMARY KEY,
    parent_id bigint NOT NULL REFERENCES parents ON DELETE CASCADE,
    name      text   NOT NULL,
    amount    integer NOT NULL
);
CREATE INDEX children_parent ON children (parent_id);

INSERT INTO parents SELECT number, 'parent ' || number FROM generate_series(1, 100) AS number;
INSERT INTO children
SELECT number, 1 + number % 100, 'child ' || number, number % 10
FROM generate_series(1, 100 * current_setting('bench.rows')::bigint) AS number;
