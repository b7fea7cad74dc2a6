-- +goose Up
-- When the person in a session last proved all that is asked of them; 0: never here, as in sessions that an application opened.
ALTER TABLE session ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;

-- Browsers in which a person asked to be remembered: a sign-in there does without the second factor.
CREATE TABLE remembered_device (
    environment_id TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    user_epoch     BIGINT NOT NULL, -- the user's when it was remembered; one of an earlier epoch is forgotten
    pepper         BIGINT NOT NULL,
    mac            BYTEA  NOT NULL,
    created_at     BIGINT NOT NULL,
    seen_at        BIGINT NOT NULL, -- the last sign-in with it
    expires_at     BIGINT NOT NULL,
    address        TEXT   NOT NULL,
    agent          TEXT   NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX remembered_device_by_user ON remembered_device (environment_id, user_id, created_at, id);
CREATE INDEX remembered_device_expires ON remembered_device (expires_at);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
