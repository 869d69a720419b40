package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// typeCase is a type with the values that must survive the way into an image and back.
type typeCase struct {
	name      string // as in CREATE TABLE
	encoding  string // what exaudit_internal.encoding says
	extension string // that the type comes from
	notNull   bool
	values    []string // SQL expressions, cast to the type
}

type typeGroup struct {
	title string
	types []typeCase
}

// typesSchema makes the types that are not built in. Casts that their owner wrote to json
// and text are there to be left alone.
const typesSchema = `
CREATE SCHEMA app;
CREATE SCHEMA ext;
CREATE SCHEMA evil;
SET search_path = app;
CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy, really', 'quo"te', '', 'null');
CREATE TYPE point3 AS (x int, y text, z numeric);
CREATE TYPE mixed AS (f float8, j json, d date, m mood, a int[]);
CREATE TYPE outer_pair AS (p point3, note text);
CREATE TYPE "Odd Type" AS ("a ""b""" int, "c,d" text);
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE TYPE floatrange AS RANGE (subtype = float8);
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE DOMAIN positive AS numeric(20, 2) CHECK (VALUE > 0);
CREATE DOMAIN required AS text NOT NULL;
CREATE DOMAIN settings AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
CREATE DOMAIN document AS json CHECK (json_typeof(VALUE) = 'object');
CREATE DOMAIN temperature AS float8;
CREATE DOMAIN day AS date;
CREATE DOMAIN matrix AS int[] CHECK (array_ndims(VALUE) = 2);
CREATE DOMAIN feeling AS mood;
CREATE DOMAIN place AS point3;
CREATE DOMAIN nested AS positive CHECK (VALUE < 1000);
CREATE DOMAIN page AS xml;
CREATE FUNCTION as_json(mood) RETURNS json LANGUAGE sql AS $$ SELECT '"a cast that must not run"'::json $$;
CREATE FUNCTION as_text(mood) RETURNS text LANGUAGE sql AS $$ SELECT 'a cast that must not run' $$;
CREATE FUNCTION as_json(point3) RETURNS json LANGUAGE sql AS $$ SELECT '"a cast that must not run"'::json $$;
CREATE FUNCTION as_text(point3) RETURNS text LANGUAGE sql AS $$ SELECT 'a cast that must not run' $$;
CREATE CAST (mood AS json) WITH FUNCTION as_json(mood);
CREATE CAST (mood AS text) WITH FUNCTION as_text(mood);
CREATE CAST (point3 AS json) WITH FUNCTION as_json(point3);
CREATE CAST (point3 AS text) WITH FUNCTION as_text(point3);
CREATE TABLE parcel (id int PRIMARY KEY, weight numeric);
RESET search_path`

var typeGroups = []typeGroup{
	{"Numbers", []typeCase{
		{name: "smallint", encoding: "native", values: []string{"0", "-32768", "32767"}},
		{name: "integer", encoding: "native", values: []string{"0", "-2147483648", "2147483647"}},
		{name: "bigint", encoding: "native", values: []string{"9007199254740993", "-9223372036854775808", "9223372036854775807"}},
		{name: "numeric", encoding: "native", values: []string{
			"0", "1.0", "1.00", "-0.000", "'NaN'", "'Infinity'", "'-Infinity'", "1e131071", "'1e-16383'",
			"12345678901234567890.123456789012345678901234567890", "0.1", "100000000000000000000000000000",
		}},
		{name: "numeric(12,4)", encoding: "native", values: []string{"1", "-99999999.9999", "'NaN'"}},
		{name: "real", encoding: "float", values: []string{
			"0", "'-0'", "1.1", "3.4028235e38", "1e-45", "16777217", "'NaN'", "'Infinity'", "'-Infinity'",
		}},
		{name: "double precision", encoding: "float", values: []string{
			"0", "'-0'", "0.1", "1.1", "1.7976931348623157e308", "5e-324", "9007199254740993", "1e23", "'NaN'", "'Infinity'", "'-Infinity'",
		}},
		{name: "money", encoding: "native", values: []string{"'0'", "'-1234.56'", "'92233720368547758.07'", "'-92233720368547758.08'"}},
		{name: "boolean", encoding: "native", values: []string{"true", "false"}},
	}},
	{"Text", []typeCase{
		{name: "text", encoding: "native", values: []string{
			"''", "' '", "'null'", "'-0'", "'{}'", `'quo"te '' back\slash'`, "E'tab\\t, line\\nfeed\\r\\x01\\x7f'",
			"'sélect ∑ 𝄞 e' || U&'\\0301'", "repeat('long ', 20000)",
		}},
		{name: "varchar(5)", encoding: "native", values: []string{"'ab   '", "'abcde'", "''"}},
		{name: "character varying", encoding: "native", values: []string{"'ab   '", "'x'"}},
		{name: "char(5)", encoding: "native", values: []string{"'ab'", "'     '", "'abcde'"}},
		{name: "bpchar", encoding: "native", values: []string{"'ab   '", "'ab'", "'   '", "''"}},
		{name: `"char"`, encoding: "native", values: []string{"'a'", "''", `'"'`, "'\\377'"}},
		{name: "name", encoding: "native", values: []string{"'pg_class'", "repeat('n', 63)"}},
		{name: `text COLLATE "C"`, encoding: "native", values: []string{"'Z'", "'a'"}},
	}},
	{"Bytes and bits", []typeCase{
		{name: "bytea", encoding: "native", values: []string{"''", `'\x00ff5c27'`, "decode(repeat('00ff', 50000), 'hex')"}},
		{name: "bit(5)", encoding: "native", values: []string{"B'00000'", "B'10101'"}},
		{name: "bit", encoding: "native", values: []string{"B'1'"}},
		{name: "bit varying", encoding: "native", values: []string{"B''", "B'0001'", "B'111100001111000011110000111100001111'"}},
		{name: "bit varying(9)", encoding: "native", values: []string{"B'000000001'"}},
		{name: "uuid", encoding: "native", values: []string{
			"'00000000-0000-0000-0000-000000000000'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
		}},
	}},
	{"Dates and times", []typeCase{
		{name: "date", encoding: "native", values: []string{
			"'2020-02-03'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'4713-01-01 BC'", "'5874897-12-31'",
		}},
		{name: "timestamp", encoding: "native", values: []string{
			"'2020-02-03 04:05:06.123456'", "'infinity'", "'-infinity'", "'4713-01-01 00:00 BC'", "'294276-12-31 23:59:59.999999'",
		}},
		{name: "timestamp(3)", encoding: "native", values: []string{"'2020-02-03 04:05:06.789'"}},
		{name: "timestamptz", encoding: "native", values: []string{
			"'2020-02-03 04:05:06.123456+05:30'", "'infinity'", "'-infinity'", "'0001-06-01 12:00+00 BC'",
			"'2021-10-31 02:30+02'", "'2021-10-31 02:30+01'", "'294276-12-31 23:59:59.999999+00'",
		}},
		{name: "time", encoding: "native", values: []string{"'00:00'", "'24:00'", "'23:59:59.999999'"}},
		{name: "timetz", encoding: "native", values: []string{"'04:05:06.123456+05:30'", "'24:00-15:59:59'", "'00:00+15:59'"}},
		{name: "interval", encoding: "native", values: []string{
			"'0'", "'-1 day -02:03:04'", "'1 year -2 months 3 days -04:05:06.789'", "'-1 month 1 day'",
			"'-178000000 years'", "'178000000 years 1 mon'", "'1 microsecond'", "'-00:00:01'",
		}},
		{name: "interval day to second(3)", encoding: "native", values: []string{"'1 day 02:03:04.567'"}},
	}},
	{"JSON and XML", []typeCase{
		{name: "json", encoding: "text", values: []string{
			`'{"b": 1, "a": 2}'`, `'{"a":1,"a":2}'`, `' { "a" :  1 } '`, `'null'`, `'"text"'`, `'{"a":"\u0000"}'`,
			`'"\ud800"'`, `'1e999999'`, `'[1.0, 1.00]'`, `'12345678901234567890'`, `'{}'`,
		}},
		{name: "jsonb", encoding: "jsonb", values: []string{
			`'null'`, `'{"a": null}'`, `'[null]'`, `'12345678901234567890'`, `'1.10'`, `'1e-7'`, `'"null"'`, `'"1"'`, `'true'`,
			`'{}'`, `'[]'`, `'""'`, `'{"": {"": [1, {"x": "y"}]}}'`, `'[[1, 2], [3, [4, {"deep": [null]}]]]'`, `'-0'`, `'1E400'`,
			`'"sélect \u0001 \\ \" 𝄞"'`,
		}},
		{name: "jsonpath", encoding: "native", values: []string{`'$.a[*] ? (@ > 1)'`, `'strict $."b c"'`}},
		{name: "xml", encoding: "text", values: []string{
			`'<?xml version="1.0" encoding="UTF-8"?><a/>'`, `'<a b="c">d &amp; é</a>'`, `'text <b/> text'`,
			`'<?xml version="1.0" standalone="yes"?><a>  </a>'`,
		}},
	}},
	{"Arrays", []typeCase{
		{name: "integer[]", encoding: "array", values: []string{
			"'{}'", "'{1,2,3}'", "'{NULL}'", "'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[0:1]={1,2}'", "'[-2:-1][3:4]={{1,NULL},{3,4}}'",
			"'{{{1}}}'", "'[2:2]={7}'",
		}},
		{name: "text[]", encoding: "array", values: []string{
			`'{"", "NULL", NULL, "null", "a,b", "quo\"te", "back\\slash", " "}'`, `'{"{}"}'`, "'[5:5]={x}'",
		}},
		{name: "numeric[]", encoding: "array", values: []string{"'{1.0,1.00,NaN,Infinity}'"}},
		{name: "real[]", encoding: "float_array", values: []string{"'{-0}'", "'{1.1,NULL,NaN}'", "'{0}'"}},
		{name: "double precision[]", encoding: "float_array", values: []string{
			"'{}'", "'{-0}'", "'{0,-0,NULL}'", "'{1.1,NaN,-Infinity,0.1}'", "'{{-0,1},{2,3}}'", "'[0:0]={1.5}'", "'{NULL}'",
		}},
		{name: "boolean[]", encoding: "array", values: []string{"'{t,f,NULL}'"}},
		{name: "uuid[]", encoding: "array", values: []string{"'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'"}},
		{name: "bytea[]", encoding: "array", values: []string{`ARRAY['\x00ff'::bytea, '', NULL]`}},
		{name: "date[]", encoding: "array", values: []string{"'{2020-02-03,infinity,NULL}'", "'[0:0]={2020-02-03}'", "'{{2020-02-03},{2020-03-02}}'"}},
		{name: "timestamptz[]", encoding: "array", values: []string{"'{2020-02-03 04:05+05:30,-infinity}'", "'[0:0]={2020-02-03 04:05+05:30}'"}},
		{name: "interval[]", encoding: "array", values: []string{"'{-1 day -02:03:04}'", "'[0:0]={-1 day -02:03:04}'"}},
		{name: "money[]", encoding: "array", values: []string{"'{1.50,-2}'", "'[0:0]={1.50}'"}},
		{name: "char(3)[]", encoding: "array", values: []string{"'{a,ab}'"}},
		{name: "varchar(3)[]", encoding: "array", values: []string{`'{"a  "}'`}},
		{name: "inet[]", encoding: "array", values: []string{"'{10.0.0.1/8,::1}'"}},
		{name: "point[]", encoding: "array", values: []string{"ARRAY[point '(1.1,-2)', NULL]"}},
		{name: "box[]", encoding: "array", values: []string{"ARRAY[box '(1,2),(3,4)', box '(5,6),(7,8)']", "'[0:0]={(1,2),(3,4)}'"}},
		{name: "json[]", encoding: "text", values: []string{`ARRAY['{"a":1,"a":2}'::json, 'null', NULL]`, `ARRAY['"\u0000"'::json]`, "'{}'"}},
		{name: "jsonb[]", encoding: "text", values: []string{`ARRAY['null'::jsonb, NULL, '{"a": null}', '1.10']`, "'{}'", `'[0:0]={"null"}'`}},
		{name: "xml[]", encoding: "text", values: []string{`ARRAY['<?xml version="1.0" encoding="UTF-8"?><a/>'::xml, NULL]`}},
		{name: "int4range[]", encoding: "array", values: []string{`ARRAY[int4range(1, 5), 'empty', NULL]`}},
		{name: "app.mood[]", encoding: "format_array", values: []string{
			`ARRAY['sad', 'so so', 'happy, really', 'quo"te', '', 'null', NULL]::app.mood[]`, "'{}'", "'[0:0]={sad}'", "'{{sad},{null}}'",
		}},
		{name: "app.point3[]", encoding: "format_array", values: []string{
			`ARRAY[ROW(1, 'a,b "c"', 1.10), ROW(NULL, NULL, NULL), NULL]::app.point3[]`, "'{}'", `ARRAY[ARRAY[ROW(1, 'x', 2)], ARRAY[NULL]]::app.point3[]`,
		}},
		{name: "app.mixed[]", encoding: "format_array", values: []string{
			`ARRAY[ROW('-0', '{"a":1,"a":2}', '2020-02-03', 'so so', '{1,NULL}'), NULL]::app.mixed[]`, "'{}'",
		}},
		{name: "app.positive[]", encoding: "array", values: []string{"'{1.5,2}'"}},
		{name: "app.settings[]", encoding: "format", values: []string{`ARRAY['{"a": null}', NULL]::app.settings[]`}},
		{name: "app.temperature[]", encoding: "float_array", values: []string{"'{-0,1}'", "'{1.1}'"}},
		{name: "int2vector", encoding: "text", values: []string{"'1 2 3'", "''"}},
		{name: "oidvector", encoding: "text", values: []string{"'1 4294967295'"}},
	}},
	{"Ranges and multiranges", []typeCase{
		{name: "int4range", encoding: "native", values: []string{"'empty'", "'[1,5)'", "'(,)'", "'[,3)'"}},
		{name: "int8range", encoding: "native", values: []string{"'[9007199254740993,)'"}},
		{name: "numrange", encoding: "native", values: []string{"'(1.0,1.00]'::text::numrange", "'[1.10,2)'"}},
		{name: "daterange", encoding: "native", values: []string{"'[2020-02-03,2020-03-02)'", "'[,infinity)'", "'[0044-03-15 BC,)'"}},
		{name: "tsrange", encoding: "native", values: []string{"'[2020-02-03 04:05,2020-03-02 00:00]'"}},
		{name: "tstzrange", encoding: "native", values: []string{"'[2020-02-03 04:05+05:30,infinity]'", "'(2020-02-03 04:05+00,)'"}},
		{name: "int4multirange", encoding: "native", values: []string{"'{}'", "'{[1,2),[5,9)}'"}},
		{name: "nummultirange", encoding: "native", values: []string{"'{[1.10,1.2]}'"}},
		{name: "datemultirange", encoding: "native", values: []string{"'{[2020-02-03,2020-03-02),[2021-01-02,)}'"}},
		{name: "tstzmultirange", encoding: "native", values: []string{"'{[2020-02-03 04:05+05:30,2020-03-02 00:00+00)}'"}},
		{name: "app.textrange", encoding: "format", values: []string{`'["a,b","c ""d"""]'`, "'(,z)'"}},
		{name: "app.floatrange", encoding: "format", values: []string{"'[-0,0.1]'", "'[1.1,Infinity)'"}},
		{name: "app.textmultirange", encoding: "format", values: []string{"'{[a,b),[x,z]}'"}},
	}},
	{"Geometric types", []typeCase{
		{name: "point", encoding: "native", values: []string{"'(1.1,-0)'", "'(NaN,Infinity)'", "'(0.1,1e300)'"}},
		{name: "line", encoding: "native", values: []string{"'{1,-1,0.1}'"}},
		{name: "lseg", encoding: "native", values: []string{"'[(0,0.1),(1,1)]'"}},
		{name: "box", encoding: "native", values: []string{"'(3,4),(1,0.2)'"}},
		{name: "path", encoding: "native", values: []string{"'[(0,0),(1.1,1),(2,0)]'", "'((0,0),(1,1))'"}},
		{name: "polygon", encoding: "native", values: []string{"'((0,0),(1.1,1),(2,0))'"}},
		{name: "circle", encoding: "native", values: []string{"'<(1.1,2),3>'"}},
	}},
	{"Network addresses", []typeCase{
		{name: "inet", encoding: "native", values: []string{"'10.1.2.3/8'", "'10.1.2.3'", "'::ffff:1.2.3.4/120'", "'fe80::1'"}},
		{name: "cidr", encoding: "native", values: []string{"'10.0.0.0/8'", "'2001:db8::/32'", "'10.0.0.1/32'"}},
		{name: "macaddr", encoding: "native", values: []string{"'08:00:2b:01:02:03'"}},
		{name: "macaddr8", encoding: "native", values: []string{"'08:00:2b:01:02:03:04:05'"}},
	}},
	{"Text search", []typeCase{
		{name: "tsvector", encoding: "native", values: []string{`'''a b'':1A,2 c:3B ''it''''s'':4'`, "''"}},
		{name: "tsquery", encoding: "native", values: []string{`'a:*AB & !(b <2> c) | ''d e'''`, "''"}},
	}},
	{"Identifiers of the system", []typeCase{
		{name: "oid", encoding: "native", values: []string{"0", "4294967295"}},
		{name: "xid", encoding: "native", values: []string{"'4294967295'"}},
		{name: "xid8", encoding: "native", values: []string{"'18446744073709551615'"}},
		{name: "cid", encoding: "native", values: []string{"'4294967295'"}},
		{name: "tid", encoding: "native", values: []string{"'(4294967295,65535)'", "'(0,1)'"}},
		{name: "pg_lsn", encoding: "native", values: []string{"'0/0'", "'FFFFFFFF/FFFFFFFF'"}},
		{name: "pg_snapshot", encoding: "native", values: []string{"'10:20:10,14,15'"}},
		{name: "txid_snapshot", encoding: "native", values: []string{"'10:20:10,14,15'"}},
		{name: "aclitem", encoding: "native", values: []string{"'=r/pg_database_owner'", "'pg_monitor=arw*/pg_database_owner'"}},
		{name: "refcursor", encoding: "native", values: []string{"'a cursor'"}},
		{name: "regclass", encoding: "native", values: []string{"'pg_class'", "'app.parcel'", "4294967295"}},
		{name: "regtype", encoding: "native", values: []string{"'int'", "'app.mood'", "'app.\"Odd Type\"'"}},
		{name: "regproc", encoding: "native", values: []string{"'pg_catalog.now'", "0"}},
		{name: "regprocedure", encoding: "native", values: []string{"'app.as_json(app.mood)'"}},
		{name: "regoper", encoding: "native", values: []string{"'pg_catalog.||/'"}},
		{name: "regoperator", encoding: "native", values: []string{"'pg_catalog.+(int,int)'"}},
		{name: "regnamespace", encoding: "native", values: []string{"'app'"}},
		{name: "regrole", encoding: "native", values: []string{"'pg_monitor'"}},
		{name: "regcollation", encoding: "native", values: []string{`'"C"'`}},
		{name: "regconfig", encoding: "native", values: []string{"'english'"}},
		{name: "regdictionary", encoding: "native", values: []string{"'simple'"}},
	}},
	{"Enums, domains and composites", []typeCase{
		{name: "app.mood", encoding: "format", values: []string{"'sad'", "'so so'", "'happy, really'", `'quo"te'`, "''", "'null'"}},
		{name: "app.email", encoding: "native", values: []string{"'a@b'", "'\"@'"}},
		{name: "app.positive", encoding: "native", values: []string{"1.1", "999999999999999999.99"}},
		{name: "app.nested", encoding: "native", values: []string{"12.5"}},
		{name: "app.required", encoding: "native", notNull: true, values: []string{"'x'", "''"}},
		{name: "app.settings", encoding: "jsonb", values: []string{`'{"a": null}'`, "'{}'"}},
		{name: "app.document", encoding: "text", values: []string{`'{"a":1,"a":2}'`, `'{ }'`}},
		{name: "app.temperature", encoding: "float", values: []string{"'-0'", "1.1"}},
		{name: "app.day", encoding: "native", values: []string{"'2020-02-03'", "'infinity'"}},
		{name: "app.matrix", encoding: "array", values: []string{"'{{1,2},{3,4}}'"}},
		{name: "app.feeling", encoding: "format", values: []string{"'sad'", "'null'"}},
		{name: "app.place", encoding: "format", values: []string{"ROW(1, 'a', 2.0)::app.point3"}},
		{name: "app.page", encoding: "text", values: []string{`xml '<?xml version="1.0" encoding="UTF-8"?><a/>'`}},
		{name: "app.point3", encoding: "format", values: []string{
			"ROW(1, 'a,b \"c\" (d)', 1.10)", "ROW(NULL, NULL, NULL)", "ROW(NULL, '', 'NaN')", "ROW(0, ' ', NULL)",
		}},
		{name: "app.mixed", encoding: "format", values: []string{
			`ROW('-0', '{"a":1,"a":2}', '2020-02-03', 'quo"te', '{1,NULL}')`, "ROW(NULL, NULL, NULL, NULL, NULL)",
			`ROW(0.1, '"\u0000"', '-infinity', '', '[0:0]={1}')`,
		}},
		{name: "app.outer_pair", encoding: "format", values: []string{
			"ROW(ROW(1, 'a', 2.0), 'n')::app.outer_pair", "ROW(ROW(NULL, NULL, NULL), NULL)::app.outer_pair", "ROW(NULL, 'x')::app.outer_pair",
		}},
		{name: `app."Odd Type"`, encoding: "format", values: []string{"ROW(1, 'x')"}},
		{name: "app.parcel", encoding: "format", values: []string{"ROW(1, 2.50)"}},
	}},
	{"Extensions", []typeCase{
		{name: "ext.citext", encoding: "format", extension: "citext", values: []string{"'Abc'", "'abc'", "''", "'null'"}},
		{name: "ext.citext[]", encoding: "format_array", extension: "citext", values: []string{`'{A,a,NULL,"b,c"}'`, "'{}'", "'[0:0]={A}'"}},
		{name: "ext.hstore", encoding: "format", extension: "hstore", values: []string{`'a=>1, "b c"=>NULL, "q"=>"\""'`, "''"}},
		{name: "ext.hstore[]", encoding: "format_array", extension: "hstore", values: []string{`ARRAY['a=>1'::ext.hstore, NULL]`}},
		{name: "ext.ltree", encoding: "format", extension: "ltree", values: []string{"'Top.Science.Astronomy'", "''"}},
		{name: "ext.lquery", encoding: "format", extension: "ltree", values: []string{"'*.Astro*@.!x'"}},
		{name: "ext.cube", encoding: "format", extension: "cube", values: []string{"'(1.1,2),(3,0.1)'", "'(0.1)'"}},
		{name: "ext.cube[]", encoding: "format_array", extension: "cube", values: []string{"ARRAY['(1.1,2)'::ext.cube, '(3),(4)']"}},
		{name: "ext.seg", encoding: "format", extension: "seg", values: []string{"'1.5 .. 2.50'", "'~6.5'"}},
		{name: "ext.isbn13", encoding: "format", extension: "isn", values: []string{"'978-0-393-04002-9'"}},
		{name: "ext.lo", encoding: "native", extension: "lo", values: []string{"4294967295"}},
		{name: "ext.geometry", encoding: "format", extension: "postgis", values: []string{
			"'SRID=4326;POINT(1.1 2)'", "'SRID=3857;POINT ZM (1 2 3 4)'", "'CIRCULARSTRING(0 0, 1 1, 2 0)'", "'GEOMETRYCOLLECTION EMPTY'",
		}},
		{name: "ext.geography", encoding: "format", extension: "postgis", values: []string{"'SRID=4326;POINT(0.1 0.2)'"}},
		{name: "ext.box2d", encoding: "format", extension: "postgis", values: []string{"'BOX(0.1 0.2,3 4)'"}},
	}},
}

// Sessions with every setting that the text of a value can depend on turned against us.
const (
	hostileWriter = `
		SET search_path = evil, ext; SET datestyle = 'SQL, DMY'; SET intervalstyle = sql_standard;
		SET timezone = 'Asia/Kolkata'; SET extra_float_digits = -15; SET bytea_output = escape;
		SET lc_monetary = 'C.utf8'; SET xmloption = document; SET array_nulls = on; SET quote_all_identifiers = on;
		SET standard_conforming_strings = off; SET xmlbinary = hex; SET client_min_messages = error`
	hostileReader = `
		SET search_path = evil, pg_temp, app; SET datestyle = 'Postgres, MDY'; SET intervalstyle = iso_8601;
		SET timezone = 'America/St_Johns'; SET extra_float_digits = 0; SET bytea_output = escape;
		SET lc_monetary = 'POSIX'; SET xmloption = document; SET array_nulls = off; SET backslash_quote = off`
)

// Every value comes back identical: from the image of a created, an updated and a deleted
// version, decoded in another session; and it has the same image in every session.
func TestTypes(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, typesSchema)
	available := list[string](t, db.Pool, `SELECT name FROM pg_available_extensions`)
	writer, reader := db.Connect(t, ""), db.Connect(t, "")
	run(t, writer, hostileWriter)
	run(t, reader, hostileReader)

	types, values := 0, 0
	for _, group := range typeGroups {
		for _, c := range testall.Sample(group.types, 2) {
			t.Run(c.name, func(t *testing.T) {
				if c.extension != "" {
					if !contains(available, c.extension) {
						t.Skipf("extension %s is not available on this server", c.extension)
					}
					db.Exec(t, "CREATE EXTENSION IF NOT EXISTS "+c.extension+" SCHEMA ext")
				}
				types++
				values += len(c.values)
				testType(t, db, fmt.Sprintf("app.t%d", types), c, writer, reader)
			})
		}
	}
	pgtest.Count(t, "types", types)
	pgtest.Count(t, "values", values)
}

func contains(list []string, wanted string) bool {
	return strings.Contains("\n"+strings.Join(list, "\n")+"\n", "\n"+wanted+"\n")
}

func testType(t *testing.T, db *pgtest.DB, table string, c typeCase, writer, reader *pgx.Conn) {
	t.Helper()
	db.Exec(t, fmt.Sprintf(`CREATE TABLE %[1]s (id int PRIMARY KEY, v %[2]s); CREATE TABLE %[1]s_expected (id int PRIMARY KEY, v %[2]s)`,
		table, c.name))
	auditdb.Install(t, db, table)
	typ := strings.TrimSuffix(c.name, ` COLLATE "C"`)
	for i, v := range c.values {
		db.Exec(t, fmt.Sprintf(`INSERT INTO %s_expected SELECT %d, (%s)::%s`, table, i+1, v, typ))
	}
	query := func(sql string) string {
		return strings.NewReplacer("{table}", table, "{type}", typ, "{n}", fmt.Sprint(len(c.values))).Replace(sql)
	}
	if got := one[string](t, db.Pool, query(`SELECT DISTINCT encoding FROM exaudit_internal.table_columns WHERE relation = '{table}'::regclass AND name = 'v'`)); got != c.encoding {
		t.Errorf("encoding is %s, want %s", got, c.encoding)
	}

	// What the entities go through: the value, NULL, the value, another value, the value.
	statements := []string{`INSERT INTO {table} SELECT * FROM {table}_expected`}
	states := []string{"e.v"}
	if !c.notNull {
		statements = append(statements,
			`UPDATE {table} SET v = NULL`,
			`UPDATE {table} t SET v = e.v FROM {table}_expected e WHERE e.id = t.id`)
		states = append(states, "NULL::{type}", "e.v")
	}
	if len(c.values) > 1 {
		statements = append(statements,
			`UPDATE {table} t SET v = e.v FROM {table}_expected e WHERE e.id = t.id % {n} + 1`,
			`UPDATE {table} t SET v = e.v FROM {table}_expected e WHERE e.id = t.id`)
		states = append(states, "(SELECT o.v FROM {table}_expected o WHERE o.id = e.id % {n} + 1)", "e.v")
	}
	images := query(`SELECT exaudit_internal.encode(t.*)::text FROM {table} t ORDER BY id`)
	for _, s := range statements {
		run(t, writer, query(s))
	}
	want := list[string](t, db.Pool, images)
	for name, conn := range map[string]*pgx.Conn{"the writing session": writer, "the reading session": reader} {
		same(t, "images in "+name, list[string](t, conn, images), want)
	}
	run(t, writer, query(`DELETE FROM {table}`))
	same(t, "images that the trigger made", list[string](t, reader, query(`
		SELECT v.after::text FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id
		WHERE t.table_name = pg_catalog.split_part('{table}', '.', 2) AND action = 'created' ORDER BY entity_id::int`)), want)

	// Versions of one entity, numbered, and the states before and after each of them.
	versions := query(`
		SELECT v.*, pg_catalog.row_number() OVER (PARTITION BY v.entity_id ORDER BY v.id) AS number
		FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id
		WHERE t.table_name = pg_catalog.split_part('{table}', '.', 2)`)
	if got, want := one[int](t, reader, `SELECT pg_catalog.count(*) FROM (`+versions+`) v`), len(c.values)*(len(states)+1); got != want {
		t.Errorf("%d versions, want %d", got, want)
	}
	check := func(side, action string, number int, state string) {
		t.Helper()
		wrong := list[int](t, reader, query(fmt.Sprintf(`
			SELECT e.id FROM {table}_expected e JOIN (%[1]s) v ON v.entity_id = e.id::text AND v.number = %[2]d
			CROSS JOIN LATERAL exaudit_internal.decode(NULL::{table}, v.%[3]s) d
			WHERE NOT (v.action = '%[4]s' AND ROW(d.v)::record OPERATOR(pg_catalog.*=) ROW(%[5]s)::record)`,
			versions, number, side, action, state)))
		for _, id := range wrong {
			image := list[string](t, reader, fmt.Sprintf(`SELECT pg_catalog.left(v.%s::text, 300) FROM (%s) v WHERE v.entity_id = '%d' AND v.number = %d`, side, versions, id, number))
			t.Errorf("%s: %s of version %d does not decode to the row: %s", c.values[id-1], side, number, image)
		}
	}
	check("after", "created", 1, states[0])
	// read as plain types, which no code of their owners takes part in, it is the same image
	for _, image := range list[string](t, reader, query(fmt.Sprintf(`
		SELECT pg_catalog.left(v.after::text, 300) FROM (%s) v CROSS JOIN LATERAL exaudit_internal.present_images('{table}', ARRAY[v.after]) AS i (image)
		WHERE v.action = 'created' AND i.image::text <> v.after::text`, versions))) {
		t.Errorf("another image by way of plain types: %s", image)
	}
	for i := 1; i < len(states); i++ {
		check("before", "updated", i+1, states[i-1])
		check("after", "updated", i+1, states[i])
	}
	check("before", "deleted", len(states)+1, states[len(states)-1])

	run(t, reader, query(`SELECT exaudit_internal.insert_row('{table}'::pg_catalog.regclass, v.before) FROM (`+versions+`) v WHERE action = 'deleted'`))
	restored := list[int](t, reader, query(`
		SELECT e.id FROM {table}_expected e JOIN {table} t ON ROW(t.*)::record OPERATOR(pg_catalog.*=) ROW(e.*)::record ORDER BY 1`))
	if len(restored) != len(c.values) {
		t.Errorf("only %v of %d rows are restored identically", restored, len(c.values))
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: %.300s, want %.300s", what, got[i], want[i])
		}
	}
}
