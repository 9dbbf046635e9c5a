-- +goose Up
-- People who work for the city, the keys of programs, and what both did.
CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL DEFAULT '', -- empty until the one-time link is used
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT
);

-- Links by which an account gets its first password. Only the hash of the token is kept.
CREATE TABLE account_link (
    token_hash BLOB PRIMARY KEY,
    account    BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- Keys of programs. Only the hash is kept.
CREATE TABLE api_key (
    key_hash   BLOB PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    data       BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);

-- Failed sign-ins by name, so that guessing is slowed down on every node alike.
CREATE TABLE sign_in_failure (
    name       TEXT PRIMARY KEY,
    failures   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL
);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL, -- account:ID, key:NAME or system
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX audit_time ON audit (at);

-- +goose Down
DROP TABLE audit;
DROP TABLE sign_in_failure;
DROP TABLE session;
DROP TABLE api_key;
DROP TABLE account_link;
DROP TABLE account;
