-- +goose Up
-- The register: what is published of algorithms, roles and the council's rules. Rows are never changed:
-- what holds is the newest version, what held is the history.
CREATE TABLE register_version (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sort       TEXT COLLATE "C" NOT NULL, -- algorithm, role or rule
    name       TEXT COLLATE "C" NOT NULL, -- the id of the algorithm, role or rule
    valid_from BIGINT NOT NULL,
    body       BYTEA NOT NULL, -- canonical JSON of the publication; its document is null when it was withdrawn
    hash       BYTEA NOT NULL, -- SHA-256 of body
    leaf       BYTEA NOT NULL
);
CREATE INDEX register_version_name ON register_version (sort, name, id);

-- Algorithms that an official stopped or let go on; the newest row of an algorithm holds.
CREATE TABLE register_stop (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    algorithm TEXT COLLATE "C" NOT NULL,
    stopped   BOOLEAN NOT NULL,
    at        BIGINT NOT NULL,
    body      BYTEA NOT NULL, -- canonical JSON: role, motive, salt; the bytes that the leaf commits to
    leaf      BYTEA NOT NULL
);
CREATE INDEX register_stop_algorithm ON register_stop (algorithm, id);

-- How an algorithm did, a day, a group (stream, district; empty for all) and a measure at a time.
CREATE TABLE register_performance (
    algorithm  TEXT COLLATE "C" NOT NULL,
    day        TEXT COLLATE "C" NOT NULL, -- yyyy-mm-dd, the city's day
    group_name TEXT COLLATE "C" NOT NULL,
    measure    TEXT COLLATE "C" NOT NULL,
    value      BIGINT NOT NULL,
    PRIMARY KEY (algorithm, day, group_name, measure)
);

-- The transparency log. One row an origin; the newest row is the log that grows, earlier
-- ones ended when a backup was restored and a successor took over.
CREATE TABLE log (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin          TEXT COLLATE "C" NOT NULL UNIQUE,
    vkey            TEXT COLLATE "C" NOT NULL,
    size            BIGINT NOT NULL, -- of the tree, signed or not
    root            BYTEA NOT NULL,   -- RFC 6962 hash of that tree
    checkpoint      BYTEA,            -- the newest one published, a signed note
    checkpoint_size BIGINT NOT NULL,
    checkpoint_at   BIGINT NOT NULL,
    prev_origin     TEXT COLLATE "C" NOT NULL,   -- the log before it, as it was last signed; empty for the first
    prev_size       BIGINT NOT NULL,
    prev_root       BYTEA NOT NULL
);

CREATE TABLE log_leaf (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log        BIGINT REFERENCES log (id), -- NULL until it has its place
    leaf_index BIGINT,                     -- NULL until it has its place
    entry      BYTEA NOT NULL,
    hash       BYTEA NOT NULL UNIQUE        -- RFC 6962 leaf hash of entry
);
CREATE UNIQUE INDEX log_leaf_index ON log_leaf (log, leaf_index);
CREATE INDEX log_leaf_waiting ON log_leaf (id) WHERE leaf_index IS NULL;

-- Tiles of hashes as C2SP tlog-tiles draws them: up to 256 hashes of 32 bytes. A tile that is not full grows in place.
CREATE TABLE log_tile (
    log    BIGINT NOT NULL REFERENCES log (id),
    level  BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (log, level, n)
);

-- Decisions. Numbers are consecutive, so that none can be missing unseen.
CREATE TABLE decision (
    number     BIGINT PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT NOT NULL,
    act        TEXT COLLATE "C" NOT NULL, -- decided, signed or overruled
    algorithm  TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    role       TEXT COLLATE "C" NOT NULL, -- who signed, empty when an algorithm decided
    mandate    TEXT COLLATE "C" NOT NULL,
    replaces   BIGINT,
    advice     BIGINT,
    opened_at  BIGINT, -- when the official opened the advice
    simulated  BOOLEAN NOT NULL,
    outcome    BYTEA NOT NULL, -- as in the record, so that a list need not read records
    reasons    BYTEA NOT NULL,
    record     BYTEA NOT NULL, -- canonical JSON, the bytes that the leaf commits to
    leaf       BYTEA NOT NULL
);
CREATE INDEX decision_subject ON decision (kind, subject, number);
CREATE INDEX decision_algorithm ON decision (algorithm, decided_at);
CREATE UNIQUE INDEX decision_replaces ON decision (replaces);

CREATE TABLE decision_part (
    number BIGINT NOT NULL REFERENCES decision (number),
    id     TEXT COLLATE "C" NOT NULL,
    body   BYTEA NOT NULL, -- canonical JSON with its salt
    PRIMARY KEY (number, id)
);

-- Sealed fields: the salt, name and value of which the record holds only the hash. Erasing a row leaves the record whole.
CREATE TABLE decision_sealed (
    number     BIGINT NOT NULL REFERENCES decision (number),
    name       TEXT COLLATE "C" NOT NULL,
    disclosure TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (number, name)
);

CREATE TABLE advice (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    algorithm TEXT COLLATE "C" NOT NULL,
    version   TEXT COLLATE "C" NOT NULL,
    role      TEXT COLLATE "C" NOT NULL, -- who is asked to sign
    at        BIGINT NOT NULL,
    state     TEXT COLLATE "C" NOT NULL, -- open, signed or overtaken (by a later advice or decision)
    decision  BIGINT,        -- the decision that it became
    body      BYTEA NOT NULL, -- canonical JSON, the bytes that the leaf commits to
    sealed    BYTEA NOT NULL, -- JSON: the disclosures of its sealed fields by name
    leaf      BYTEA NOT NULL
);
CREATE INDEX advice_subject ON advice (kind, subject, id);
CREATE INDEX advice_open ON advice (id) WHERE state = 'open';

-- The parts of each option of an advice; those of the chosen one become the decision's.
CREATE TABLE advice_part (
    advice BIGINT NOT NULL REFERENCES advice (id),
    choice TEXT COLLATE "C" NOT NULL, -- empty for what was advised
    id     TEXT COLLATE "C" NOT NULL,
    body   BYTEA NOT NULL,
    PRIMARY KEY (advice, choice, id)
);

CREATE TABLE refusal (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        BIGINT NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    algorithm TEXT COLLATE "C" NOT NULL,
    version   TEXT COLLATE "C" NOT NULL,
    role      TEXT COLLATE "C" NOT NULL,
    code      TEXT COLLATE "C" NOT NULL,
    body      BYTEA NOT NULL, -- canonical JSON, the bytes that the leaf commits to
    leaf      BYTEA NOT NULL
);

-- +goose Down
DROP TABLE refusal;
DROP TABLE advice_part;
DROP TABLE advice;
DROP TABLE decision_sealed;
DROP TABLE decision_part;
DROP TABLE decision;
DROP TABLE log_tile;
DROP TABLE log_leaf;
DROP TABLE log;
DROP TABLE register_performance;
DROP TABLE register_stop;
DROP TABLE register_version;
