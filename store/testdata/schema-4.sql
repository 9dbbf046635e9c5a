-- What schema 4 added: the register, the log, decisions. (The hashes are words, so that they can be read; a log that checks
-- is tested in decision/tlog.)
INSERT INTO register_version (sort, name, valid_from, body, hash, leaf) VALUES ('algorithm', 'inzamelplan', 1795527600000000, '{"document":null}', 'hash-1', 'leaf-1');
INSERT INTO log (origin, vkey, size, root, checkpoint, checkpoint_size, checkpoint_at, prev_origin, prev_size, prev_root) VALUES
    ('demo.polder.example/almere', 'vkey', 2, 'root', 'checkpoint', 2, 1795531200000000, '', 0, '');
INSERT INTO log_leaf (log, leaf_index, entry, hash) VALUES (1, 0, 'leaf-1', 'h1'), (1, 1, 'leaf-2', 'h2'), (NULL, NULL, 'leaf-3', 'h3');
INSERT INTO log_tile (log, level, n, hashes) VALUES (1, 0, 0, 'h1h2');
INSERT INTO decision (number, kind, subject, decided_at, act, algorithm, version, role, mandate, replaces, advice, opened_at, simulated, outcome, reasons, record, leaf) VALUES
    (1, 'collection.plan', '2026-11-24', 1795531200000000, 'decided', 'inzamelplan', '1.0.0', '', 'inzamelplan-dagplan', NULL, NULL, NULL, true, '{}', '[]', '{"subject":"2026-11-24"}', 'leaf-2');
INSERT INTO decision_part (number, id, body) VALUES (1, 'FIL-014-R', '{"salt":"00"}');
INSERT INTO decision_sealed (number, name, disclosure) VALUES (1, 'account', '["salt","account","account:1"]');
INSERT INTO refusal (at, kind, subject, algorithm, version, role, code, body, leaf) VALUES
    (1795531200000000, 'collection.plan', '2026-11-25', 'inzamelplan', '0.9.0', '', 'version', '{}', 'leaf-3');
