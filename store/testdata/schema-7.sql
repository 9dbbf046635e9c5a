-- What schema 7 added: what crews did, and containers that are out of use.
INSERT INTO crew_truck (day, truck, started_at, version) VALUES ('2026-11-24', 'K1', 1795500000000000, 2);
INSERT INTO crew_action (key, day, truck, kind, container, reason, kg, fill, fill_from, beside, other_truck, of_key, version, done_at, received_at, observation, undone_at, seen_at) VALUES
    ('1f0c', '2026-11-24', 'K1', 'emptied', 'FIL-014-R', '', 412, 830000, 'weight', 'bags', 'K2', '', 0, 1795500000000000, 1795500600000000, 536870912, NULL, NULL);
INSERT INTO container_out (container, reason, action, out_at, back_at, back_by) VALUES ('FIL-014-R', 'damaged', '2a1d', 1795500000000000, NULL, '');
