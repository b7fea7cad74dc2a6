-- +goose Up

-- Mails to single people. What a letter says is sealed while it waits, and erased once it was sent or given up.
CREATE TABLE letter (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    address        TEXT   NOT NULL, -- in lower case
    language       TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- pending | sent | dead
    lane           BIGINT NOT NULL, -- 0: somebody sits and waits for it; 1: new; 2: tried before
    attempts       BIGINT NOT NULL,
    queued_at      BIGINT NOT NULL,
    next_at        BIGINT NOT NULL, -- pending: when it is tried next; while it is tried: when another node takes it up
    expires_at     BIGINT NOT NULL, -- from then on it is not worth sending
    problem        TEXT   NOT NULL, -- of the last attempt
    sealed         BYTEA,          -- what it says; NULL once it was sent or given up
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX letter_due ON letter (lane, next_at) WHERE state = 'pending';
CREATE INDEX letter_by_address ON letter (environment_id, address, kind, queued_at);
CREATE INDEX letter_past ON letter (queued_at) WHERE state <> 'pending';

ALTER TABLE mailbox_message ADD COLUMN html TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
