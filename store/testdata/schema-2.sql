-- What schema 2 added: people, keys, and what they did.
INSERT INTO account (id, name, role, password_hash, created_at, disabled_at) VALUES
    (1, 'planner', 'planner', '$argon2id$v=19$m=65536,t=3,p=2$c2FsdA$aGFzaA', 1795527600000000, NULL),
    (2, 'oud', 'medewerker', '', 1764000000000000, 1795527600000000);
INSERT INTO account_link (token_hash, account, expires_at, used_at) VALUES ('link-hash', 1, 1795786800000000, 1795528000000000);
INSERT INTO api_key (key_hash, name, role, created_at, revoked_at) VALUES ('key-hash', 'importer', 'importer', 1795527600000000, NULL);
INSERT INTO audit (id, at, actor, action, subject, outcome) VALUES (1, 1795528000000000, 'account:1', 'sign_in', 'account:1', 'ok');
