-- What schema 3 added: things, their datastreams and observations.
INSERT INTO thing (id, key, kind, district, name, description, properties, search) VALUES
    (1, 'FIL-014-R', 'container', 'AS06', 'FIL-014-R', 'Ondergrondse container', '{"owner":"Team Inzameling"}', 'fil-014-r ondergrondse container');
INSERT INTO sensor (id, key, name, description, encoding, metadata, properties) VALUES (1, 'fill', 'Vulgraadmeter', 'Ultrasoon', 'application/json', '{}', NULL);
INSERT INTO observed_property (id, key, name, definition, description, properties) VALUES (1, 'fill', 'Vulgraad', 'https://polder.city/def/fill', 'Hoe vol', NULL);
INSERT INTO datastream (id, key, multi, kind, thing, sensor, observed_property, name, description, unit, observation_type, low, high) VALUES
    (1, 'FIL-014-R/fill', false, 'fill', 1, 1, 1, 'Vulgraad', 'Hoe vol', '{"name":"fraction","symbol":"1","definition":""}', 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement', 0, 1.5);
INSERT INTO series (id, datastream, next, received, count, first, last, latest_time, latest_n, latest_value) VALUES
    (1, 1, 2, 3, 2, 1795527600000000, 1795531200000000, 1795531200000000, 1, 0.52);
INSERT INTO observation (series, time, n, value) VALUES (1, 1795527600000000, 0, 0.5), (1, 1795531200000000, 1, 0.52);
INSERT INTO rejection (datastream, reason, count, last) VALUES (1, 'range', 1, 1795531200000000);
INSERT INTO observation_import (id, name, started, finished, rows, stored, rejected) VALUES ('3f9a1c0b2d44', 'fills.csv', 1795531000000000, NULL, 2, 2, 0);
INSERT INTO observation_import_run (import, batch, series, n, count, low, high) VALUES ('3f9a1c0b2d44', 0, 1, 0, 2, 1795527600000000, 1795531200000000);
