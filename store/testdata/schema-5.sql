-- What schema 5 added: containers, plans, messages.
INSERT INTO container (id, place, stream, lon, lat, volume_l, address, district, sensor, updated_at) VALUES
    ('FIL-014-R', 'FIL-014', 'rest', 5.2231, 52.3702, 5000, 'Filmwijk 14', 'AS06', 'S-FIL-014-R', 1795527600000000);
INSERT INTO street_network (id, sha256, source, imported_at, data) VALUES (1, 'abcd', '© OpenStreetMap contributors', 1795527600000000, 'network');
INSERT INTO plan (day, version, state, cause, made_at, decision, advice, replaces, document) VALUES
    ('2026-11-24', 1, 'decided', 'afternoon', 1795531200000000, 1, NULL, NULL, 'gzip');
INSERT INTO plan_outcome (plan, container, planned, outcome) VALUES (1, 'FIL-014-R', true, '{}');
INSERT INTO plan_run (kind, day, node, started_at, done_at) VALUES ('plan', '2026-11-24', 'node/1', 1795531100000000, NULL);
INSERT INTO message (container, kind, text, decision, sent_at, handled_at) VALUES ('FIL-014-R', 'full', 'Hij zit vol.', 1, 1795531200000000, NULL);
