-- +goose Up
-- Which trucks a crew signed in for. A truck is named, its crew never.
CREATE TABLE crew_truck (
    day        TEXT NOT NULL,   -- the city's day, 2006-01-02
    truck      TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    version    BIGINT NOT NULL, -- of the day's plan, as the crew confirmed it; 0: there was none
    PRIMARY KEY (day, truck)
);

-- What a truck's crew did. The phone gives the key, so that what is sent again changes nothing.
CREATE TABLE crew_action (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    day         TEXT NOT NULL,
    truck       TEXT NOT NULL,
    kind        TEXT NOT NULL,   -- emptied, failed, later, first, seen, unloaded, break, confirmed, undone
    container   TEXT NOT NULL,   -- '' where the action is about none
    reason      TEXT NOT NULL,   -- '' where it needs none
    kg          BIGINT NOT NULL, -- 0: not weighed
    fill        BIGINT NOT NULL, -- found when it was emptied, ppm of the volume
    fill_from   TEXT NOT NULL,   -- weight, beside, sensor, plan; '' for other actions
    beside      TEXT NOT NULL,   -- odd waste beside the container: bags, bulky, hazard; '' for none
    other_truck TEXT NOT NULL,   -- that had emptied the same container on the day; '' for none
    of_key      TEXT NOT NULL,   -- of the action that this one takes back; '' for other actions
    version     BIGINT NOT NULL, -- of the plan that this one confirms; 0 for other actions
    done_at     BIGINT NOT NULL, -- by the phone's clock
    received_at BIGINT NOT NULL,
    observation BIGINT NOT NULL, -- that it became; 0: none
    undone_at   BIGINT,
    seen_at     BIGINT           -- when an official had read it
);
CREATE INDEX crew_action_day ON crew_action (day, truck);

-- Containers that no plan empties until an official says that they can be.
CREATE TABLE container_out (
    id        INTEGER PRIMARY KEY,
    container TEXT NOT NULL,
    reason    TEXT NOT NULL,
    action    TEXT NOT NULL, -- key of what the crew did
    out_at    BIGINT NOT NULL,
    back_at   BIGINT,        -- NULL while it is out
    back_by   TEXT NOT NULL -- key of the emptying that brought it back; '' when an official did
);
CREATE UNIQUE INDEX container_out_now ON container_out (container) WHERE back_at IS NULL;

-- +goose Down
DROP TABLE container_out;
DROP TABLE crew_action;
DROP TABLE crew_truck;
