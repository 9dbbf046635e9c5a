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

-- +goose Down
DROP INDEX message_container;
DROP TABLE message_receipt;
