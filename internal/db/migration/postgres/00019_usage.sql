-- +goose Up
-- The uses of all credentials of an environment, by the hour: what charts of an environment show. It is written beside
-- credential_usage and, like that, kept for 90 days; uses of credentials that were deleted stay in it. It
-- begins with this migration: what was counted before is seen by application and by credential only.
CREATE TABLE environment_usage (
    environment_id TEXT   NOT NULL,
    hour           BIGINT NOT NULL, -- hours since 1970, UTC
    uses           BIGINT NOT NULL,
    refused        BIGINT NOT NULL,
    PRIMARY KEY (environment_id, hour)
);
-- What is asked by its id alone, wherever it hangs.
CREATE INDEX credential_by_id ON credential (environment_id, id);
-- What expires next in an environment; what is disabled nobody waits for.
CREATE INDEX credential_expires ON credential (environment_id, expires_at, id) WHERE expires_at > 0 AND enabled;
-- How connections fare, without reading what else is known of them.
CREATE INDEX connection_by_state ON connection (environment_id, state);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
