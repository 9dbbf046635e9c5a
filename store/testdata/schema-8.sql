INSERT INTO message_receipt (token_hash, message, sent_at) VALUES ('hash', 1, 1795531200000000);
