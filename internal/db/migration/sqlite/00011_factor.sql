-- +goose Up
-- Short-lived secrets about a user, each good for one purpose and once. A row is gone when its ticket was used.

CREATE TABLE ticket (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL,
    purpose        TEXT   NOT NULL,
    user_id        TEXT,            -- NULL: somebody who is not a user yet
    user_epoch     BIGINT NOT NULL, -- the user's when it was made; one of an earlier epoch is dead
    application_id TEXT,            -- NULL: bound to none
    pepper         BIGINT NOT NULL,
    mac            BLOB   NOT NULL,
    data           TEXT   NOT NULL, -- JSON; empty where it is sealed
    sealed         BLOB,            -- JSON, sealed
    failures       BIGINT NOT NULL, -- wrong answers given with it
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX ticket_by_user ON ticket (environment_id, user_id, purpose);
CREATE INDEX ticket_expires ON ticket (expires_at);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
