-- What schema 6 added: what planners ask and want of a day's plan.
INSERT INTO plan_question (day, asked_by, asked_at, question, tries, started_at, done_at, answer, candidate, failed) VALUES
    ('2026-11-24', 'account:1', 1795527600000000, '{"trucks":["K2"]}', 1, 1795527601000000, 1795527620000000, '{}', NULL, '');
INSERT INTO plan_wish (day, container, kind, truck, reason, role, at, decision) VALUES
    ('2026-11-24', 'FIL-014-R', 'pin', '', 'Er is woensdag markt op het plein.', 'planner', 1795527600000000, 1);
