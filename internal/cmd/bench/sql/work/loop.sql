DO $$
DECLARE
    first  constant bigint := current_setting('bench.first');
    stride constant bigint := current_setting('bench.stride');
    span   constant bigint := current_setting('bench.span');
    number bigint;
BEGIN
    FOR i IN 0 .. current_setting('bench.changes')::bigint - 1 LOOP
        number := first + i * stride % span;
        -- here
    END LOOP;
END
$$
