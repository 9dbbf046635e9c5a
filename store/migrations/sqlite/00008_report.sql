-- +goose Up
-- What a resident keeps of a message: the hash of the word in the address of its receipt. Reports that say the same share
-- a message, so that a message has as many receipts as times that it was told.
CREATE TABLE message_receipt (
    token_hash BLOB PRIMARY KEY,
    message    BIGINT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    sent_at    BIGINT NOT NULL
);
CREATE INDEX message_receipt_message ON message_receipt (message, sent_at);
CREATE INDEX message_container ON message (container, kind, sent_at);

-- What the readings show to be wrong with a container or its sensor, by the latest forecast of all.
CREATE TABLE container_anomaly (
    container TEXT NOT NULL,
    fault     TEXT NOT NULL, -- stuck, offset, idle, fall, fire
    from_at   BIGINT NOT NULL,
    to_at     BIGINT NOT NULL, -- the last evidence
    value     DOUBLE PRECISION NOT NULL,
    evidence  TEXT NOT NULL, -- JSON: readings that show it
    made_at   BIGINT NOT NULL,
    PRIMARY KEY (container, fault, from_at)
);

-- How full each container will be at the ends of the next days if it is not emptied, by the latest forecast of all.
CREATE TABLE container_forecast (
    container TEXT PRIMARY KEY,
    made_at   BIGINT NOT NULL,
    days      TEXT NOT NULL -- JSON
);

-- +goose Down
DROP TABLE container_forecast;
DROP TABLE container_anomaly;
DROP INDEX message_container;
DROP TABLE message_receipt;
