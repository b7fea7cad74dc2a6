-- +goose Up
-- Imports of users. What a batch did is written in the transaction that did it: a batch that comes again does nothing.
CREATE TABLE intake (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL,
    source         TEXT   NOT NULL, -- SHA-256 of the file, hexadecimal
    name           TEXT   NOT NULL, -- what the file is called
    mode           TEXT   NOT NULL, -- create | update
    state          TEXT   NOT NULL, -- open | finished
    created_by     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX intake_by_source ON intake (environment_id, source);

CREATE TABLE intake_batch (
    environment_id TEXT   NOT NULL,
    intake_id      TEXT   NOT NULL,
    sequence       BIGINT NOT NULL, -- from 1
    digest         TEXT   NOT NULL, -- SHA-256 of its records, hexadecimal
    created        BIGINT NOT NULL,
    changed        BIGINT NOT NULL,
    unchanged      BIGINT NOT NULL,
    rejected       BIGINT NOT NULL,
    PRIMARY KEY (environment_id, intake_id, sequence),
    FOREIGN KEY (environment_id, intake_id) REFERENCES intake (environment_id, id) ON DELETE CASCADE
);

CREATE TABLE intake_reject (
    environment_id TEXT   NOT NULL,
    intake_id      TEXT   NOT NULL,
    line           BIGINT NOT NULL,
    reason         TEXT   NOT NULL,
    PRIMARY KEY (environment_id, intake_id, line),
    FOREIGN KEY (environment_id, intake_id) REFERENCES intake (environment_id, id) ON DELETE CASCADE
);
