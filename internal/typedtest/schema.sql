-- One table of each kind of type that sqlc maps, for the tests of typed history.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE address AS (street text, zip integer);
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');

CREATE TABLE things (
    id        bigint PRIMARY KEY,
    name      text           NOT NULL,
    note      text,
    mood      mood           NOT NULL,
    last_mood mood,
    moods     mood[]         NOT NULL DEFAULT '{}',
    tags      text[]         NOT NULL DEFAULT '{}',
    numbers   integer[],
    amount    numeric(12, 3) NOT NULL,
    rate      numeric,
    token     uuid           NOT NULL,
    other_id  uuid,
    info      jsonb,
    settings  jsonb          NOT NULL,
    raw       json,
    lasted    interval,
    during    tstzrange,
    days      daterange,
    home      address,
    mail      email,
    seen      timestamptz,
    made      timestamp      NOT NULL,
    born      date,
    ratio     double precision NOT NULL,
    half      real,
    photo     bytea,
    ip        inet,
    active    boolean        NOT NULL,
    small     smallint,
    doubled   numeric GENERATED ALWAYS AS (amount * 2) STORED
);

CREATE TABLE pairs (
    a    integer NOT NULL,
    b    text    NOT NULL,
    v    integer,
    PRIMARY KEY (b, a)
);
