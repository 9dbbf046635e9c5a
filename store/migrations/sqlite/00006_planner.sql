-- +goose Up
-- What planners ask and want of a day's plan.

-- A what-if, answered in the background and kept for a day. Times are by the machine's clock: a run that died is taken over.
CREATE TABLE plan_question (
    id         INTEGER PRIMARY KEY,
    day        TEXT NOT NULL,   -- the city's day, 2006-01-02
    asked_by   TEXT NOT NULL,   -- the account
    asked_at   BIGINT NOT NULL,
    question   BLOB NOT NULL,   -- JSON: what is supposed to differ, or which change is wanted
    tries      BIGINT NOT NULL,
    started_at BIGINT,
    done_at    BIGINT,
    answer     BLOB,            -- JSON: both sides
    candidate  BLOB,            -- the plan that a change would give, as JSON, gzipped
    failed     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX plan_question_open ON plan_question (id) WHERE done_at IS NULL;

-- What a planner decided on one container on one day. The newest holds; every plan of the day keeps to it.
CREATE TABLE plan_wish (
    id        INTEGER PRIMARY KEY,
    day       TEXT NOT NULL,
    container TEXT NOT NULL,
    kind      TEXT NOT NULL,    -- pin, forbid, move, or free: the planner takes it back
    truck     TEXT NOT NULL,    -- of a move; else ''
    reason    TEXT NOT NULL,    -- everybody can read it
    role      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    decision  BIGINT NOT NULL   -- the decision that made it so
);
CREATE INDEX plan_wish_day ON plan_wish (day, container);

-- +goose Down
DROP TABLE plan_wish;
DROP TABLE plan_question;
