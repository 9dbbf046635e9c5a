INSERT INTO message_receipt (token_hash, message, sent_at) VALUES ('hash', 1, 1795531200000000);
INSERT INTO container_anomaly (container, fault, from_at, to_at, value, evidence, made_at) VALUES ('FIL-014-R', 'stuck', 1795000000000000, 1795531200000000, 0.41, '[]', 1795531200000000);
INSERT INTO container_forecast (container, made_at, days) VALUES ('FIL-014-R', 1795531200000000, '[]');
