-- +goose Up
-- Browser sessions of people. A row stays for a while after its session has ended, so that people see where they were.

CREATE TABLE session (
    environment_id    TEXT   NOT NULL,
    id                TEXT   NOT NULL,
    user_id           TEXT   NOT NULL,
    user_epoch        BIGINT NOT NULL, -- the user's when it began; one of an earlier epoch is dead
    application_id    TEXT   NOT NULL, -- who let the user in; empty: nobody but the user
    application_epoch BIGINT NOT NULL,
    pepper            BIGINT NOT NULL,
    mac               BYTEA   NOT NULL,
    created_at        BIGINT NOT NULL,
    seen_at           BIGINT NOT NULL, -- written once a minute at most
    idle              BIGINT NOT NULL, -- microseconds without a request after which it is over
    expires_at        BIGINT NOT NULL,
    ended_at          BIGINT NOT NULL, -- 0: it was not ended
    address           TEXT   NOT NULL,
    agent             TEXT   NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX session_by_user ON session (environment_id, user_id, created_at, id);
CREATE INDEX session_expires ON session (expires_at);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
