-- What a database of schema 1 held: facts about itself.
INSERT INTO meta (name, value) VALUES ('city', 'GM0034'), ('made', '2026-11-24T13:40:00Z'), ('note', 'Zeewolde’s buurvrouw; één');
