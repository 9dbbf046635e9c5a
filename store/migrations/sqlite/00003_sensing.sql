-- +goose Up
-- The entities of SensorThings 1.1 (OGC 18-088). Times are microseconds UTC.
-- key is Polder's own name for a row ("FIL-014-R"); JSON is kept as it was given.
CREATE TABLE thing (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT UNIQUE,
    kind        TEXT NOT NULL DEFAULT '', -- template: container, bridge, ...
    district    TEXT NOT NULL DEFAULT '',
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    properties  TEXT,
    search      TEXT NOT NULL             -- key, name and description in lower case
);
CREATE INDEX thing_kind ON thing (kind, district);

CREATE TABLE location (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    encoding    TEXT NOT NULL,
    location    TEXT NOT NULL,            -- as given, mostly GeoJSON
    properties  TEXT,
    lon         DOUBLE PRECISION,         -- of a point, or the middle of another shape
    lat         DOUBLE PRECISION,
    feature     BIGINT                    -- the feature of interest that was made of it
);

CREATE TABLE thing_location (
    thing    BIGINT NOT NULL REFERENCES thing (id) ON DELETE CASCADE,
    location BIGINT NOT NULL REFERENCES location (id) ON DELETE CASCADE,
    PRIMARY KEY (thing, location)
) WITHOUT ROWID;
CREATE INDEX thing_location_location ON thing_location (location);

CREATE TABLE historical_location (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    thing BIGINT NOT NULL REFERENCES thing (id) ON DELETE CASCADE,
    time  BIGINT NOT NULL
);
CREATE INDEX historical_location_thing ON historical_location (thing, time);

CREATE TABLE historical_location_location (
    historical BIGINT NOT NULL REFERENCES historical_location (id) ON DELETE CASCADE,
    location   BIGINT NOT NULL REFERENCES location (id) ON DELETE CASCADE,
    PRIMARY KEY (historical, location)
) WITHOUT ROWID;
CREATE INDEX historical_location_location_location ON historical_location_location (location);

CREATE TABLE sensor (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    encoding    TEXT NOT NULL,
    metadata    TEXT NOT NULL,            -- JSON of any kind
    properties  TEXT
);

CREATE TABLE observed_property (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT UNIQUE,
    name        TEXT NOT NULL,
    definition  TEXT NOT NULL,
    description TEXT NOT NULL,
    properties  TEXT
);

CREATE TABLE feature (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    encoding    TEXT NOT NULL,
    feature     TEXT NOT NULL,
    properties  TEXT
);

-- A Datastream, or where multi is true a MultiDatastream: unit is then an array,
-- and datastream_property takes the place of observed_property.
CREATE TABLE datastream (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    key               TEXT UNIQUE,
    multi             BOOLEAN NOT NULL,
    kind              TEXT NOT NULL DEFAULT '', -- what is observed: fill, emptying, ...
    thing             BIGINT NOT NULL REFERENCES thing (id) ON DELETE CASCADE,
    sensor            BIGINT NOT NULL REFERENCES sensor (id) ON DELETE CASCADE,
    observed_property BIGINT REFERENCES observed_property (id) ON DELETE CASCADE,
    name              TEXT NOT NULL,
    description       TEXT NOT NULL,
    unit              TEXT NOT NULL,
    observation_type  TEXT NOT NULL,
    data_types        TEXT,                     -- multiObservationDataTypes
    area              TEXT,
    properties        TEXT,
    low               DOUBLE PRECISION,         -- plausible values; NULL is no limit
    high              DOUBLE PRECISION
);
CREATE INDEX datastream_thing ON datastream (thing);
CREATE INDEX datastream_sensor ON datastream (sensor);
CREATE INDEX datastream_observed_property ON datastream (observed_property);
CREATE INDEX datastream_kind ON datastream (kind);

CREATE TABLE datastream_property (
    datastream        BIGINT NOT NULL REFERENCES datastream (id) ON DELETE CASCADE,
    rank              BIGINT NOT NULL,
    observed_property BIGINT NOT NULL REFERENCES observed_property (id) ON DELETE CASCADE,
    PRIMARY KEY (datastream, rank)
) WITHOUT ROWID;
CREATE INDEX datastream_property_property ON datastream_property (observed_property);

-- A series numbers the observations of one datastream: an observation's id is
-- series * 2^29 + n. A datastream gets another series when its n runs out.
-- What is asked often is kept here, never counted: how many, the first and last
-- times, the latest.
CREATE TABLE series (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    datastream    BIGINT NOT NULL REFERENCES datastream (id) ON DELETE CASCADE,
    next          BIGINT NOT NULL DEFAULT 0, -- the next n; also how many were ever stored
    received      BIGINT NOT NULL DEFAULT 0, -- stored, rejected and repeated together
    count         BIGINT NOT NULL DEFAULT 0, -- how many are there now
    changes       BIGINT NOT NULL DEFAULT 0, -- rows of observation_change
    spans         BOOLEAN NOT NULL DEFAULT false, -- some have an end or a result time
    block_low     BIGINT NOT NULL DEFAULT 0, -- earliest and latest time in the block that is being filled
    block_high    BIGINT NOT NULL DEFAULT 0,
    first         BIGINT,                    -- earliest phenomenon time
    last          BIGINT,                    -- latest phenomenon time, ends included
    result_first  BIGINT,
    result_last   BIGINT,
    latest_time   BIGINT,
    latest_n      BIGINT,
    latest_value  DOUBLE PRECISION,
    latest_result TEXT,
    feature       BIGINT                     -- for the next observation that names none; 0: there is none; NULL: look
);
CREATE INDEX series_datastream ON series (datastream, id);

-- One observation a row, never changed after it was written. A result that is a
-- number stands in value, any other as JSON in result.
CREATE TABLE observation (
    series      BIGINT NOT NULL,
    time        BIGINT NOT NULL,
    n           BIGINT NOT NULL,
    value       DOUBLE PRECISION,
    feature     BIGINT,
    result      TEXT,
    time_end    BIGINT,
    result_time BIGINT,
    valid_from  BIGINT,
    valid_to    BIGINT,
    quality     TEXT,
    parameters  TEXT,
    PRIMARY KEY (series, time, n)
) WITHOUT ROWID;

-- Where the n of a series lie in time, 512 to a block: finds an observation by its id.
CREATE TABLE observation_block (
    series BIGINT NOT NULL,
    block  BIGINT NOT NULL,
    low    BIGINT NOT NULL,
    high   BIGINT NOT NULL,
    PRIMARY KEY (series, block)
) WITHOUT ROWID;

-- What was changed or deleted later, under the same id. It takes the place of the row in observation.
CREATE TABLE observation_change (
    series      BIGINT NOT NULL,
    n           BIGINT NOT NULL,
    deleted     BOOLEAN NOT NULL,
    time        BIGINT NOT NULL,
    value       DOUBLE PRECISION,
    feature     BIGINT,
    result      TEXT,
    time_end    BIGINT,
    result_time BIGINT,
    valid_from  BIGINT,
    valid_to    BIGINT,
    quality     TEXT,
    parameters  TEXT,
    PRIMARY KEY (series, n)
) WITHOUT ROWID;
CREATE INDEX observation_change_time ON observation_change (series, time, n);

-- The features of interest that a series' observations point to.
CREATE TABLE series_feature (
    feature BIGINT NOT NULL,
    series  BIGINT NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    PRIMARY KEY (feature, series)
) WITHOUT ROWID;
CREATE INDEX series_feature_series ON series_feature (series);

-- Idempotency keys of readings, kept for a week.
CREATE TABLE observation_key (
    key         TEXT PRIMARY KEY,
    observation BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    made        BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX observation_key_made ON observation_key (made);

-- Readings that were not stored, by reason; datastream 0 is one that nobody knows.
CREATE TABLE rejection (
    datastream BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    count      BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    PRIMARY KEY (datastream, reason)
) WITHOUT ROWID;

-- Files that were imported: id is the hash of the file.
CREATE TABLE observation_import (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    started  BIGINT NOT NULL,
    finished BIGINT,
    rows     BIGINT NOT NULL, -- rows of the file that are dealt with
    stored   BIGINT NOT NULL,
    rejected BIGINT NOT NULL
);

-- Which n of which series a batch of an import made.
CREATE TABLE observation_import_run (
    import TEXT NOT NULL REFERENCES observation_import (id) ON DELETE CASCADE,
    batch  BIGINT NOT NULL, -- the row of the file at which the batch begins
    series BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    count  BIGINT NOT NULL,
    low    BIGINT NOT NULL, -- earliest and latest time
    high   BIGINT NOT NULL,
    PRIMARY KEY (import, batch, series, n)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE observation_import_run;
DROP TABLE observation_import;
DROP TABLE rejection;
DROP TABLE observation_key;
DROP TABLE series_feature;
DROP TABLE observation_change;
DROP TABLE observation_block;
DROP TABLE observation;
DROP TABLE series;
DROP TABLE datastream_property;
DROP TABLE datastream;
DROP TABLE feature;
DROP TABLE observed_property;
DROP TABLE sensor;
DROP TABLE historical_location_location;
DROP TABLE historical_location;
DROP TABLE thing_location;
DROP TABLE location;
DROP TABLE thing;
