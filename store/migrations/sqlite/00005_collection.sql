-- +goose Up
-- Containers, the streets between them, and the plans that say which are emptied when.
CREATE TABLE container (
    id         TEXT PRIMARY KEY,
    place      TEXT NOT NULL,
    stream     TEXT NOT NULL,
    lon        DOUBLE PRECISION NOT NULL,
    lat        DOUBLE PRECISION NOT NULL,
    volume_l   BIGINT NOT NULL,
    address    TEXT NOT NULL,
    district   TEXT NOT NULL, -- code; '' where no district lies
    sensor     TEXT NOT NULL, -- '' where there is none
    updated_at BIGINT NOT NULL
);
CREATE INDEX container_place ON container (place);
CREATE INDEX container_district ON container (district);

-- The street network in use: one row.
CREATE TABLE street_network (
    id          BIGINT PRIMARY KEY,
    sha256      TEXT NOT NULL,
    source      TEXT NOT NULL,
    imported_at BIGINT NOT NULL,
    data        BLOB NOT NULL
);

-- A version of a day's plan. Versions of a day count from 1.
CREATE TABLE plan (
    id       INTEGER PRIMARY KEY,
    day      TEXT NOT NULL,   -- the city's day, 2006-01-02
    version  BIGINT NOT NULL,
    state    TEXT NOT NULL,   -- preview, decided, advised, replaced, declined
    cause    TEXT NOT NULL,   -- why this version was made
    made_at  BIGINT NOT NULL,
    decision BIGINT,
    advice   BIGINT,
    replaces BIGINT,
    document BLOB NOT NULL,   -- the plan as JSON, gzipped
    UNIQUE (day, version)
);
CREATE INDEX plan_state ON plan (state, day);

-- What a plan version does with each container, and why.
CREATE TABLE plan_outcome (
    plan      BIGINT NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    container TEXT NOT NULL,
    planned   BOOLEAN NOT NULL,
    outcome   BLOB NOT NULL,  -- JSON
    PRIMARY KEY (plan, container)
);

-- Work that is done once, on whichever node comes first: the afternoon's plan of a day.
CREATE TABLE plan_run (
    kind       TEXT NOT NULL,
    day        TEXT NOT NULL,
    node       TEXT NOT NULL,
    started_at BIGINT NOT NULL, -- by the machine's clock: a run that died is taken over
    done_at    BIGINT,
    PRIMARY KEY (kind, day)
);

-- What residents tell about a container, and what became of it.
CREATE TABLE message (
    id         INTEGER PRIMARY KEY,
    container  TEXT NOT NULL,
    kind       TEXT NOT NULL, -- full, broken, dirty, human, complaint
    text       TEXT NOT NULL,
    decision   BIGINT,
    sent_at    BIGINT NOT NULL,
    handled_at BIGINT,
    answer     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX message_open ON message (handled_at, sent_at);

-- +goose Down
DROP TABLE message;
DROP TABLE plan_run;
DROP TABLE plan_outcome;
DROP TABLE plan;
DROP TABLE street_network;
DROP TABLE container;
