-- +goose Up
-- How often somebody named an application and proved nothing, by the hour: wrong secrets, assertions and certificates. No
-- credential is meant, so the counts hang on the application; they are kept for 90 days.
CREATE TABLE application_usage (
    environment_id TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    hour           BIGINT NOT NULL, -- hours since 1970, UTC
    failed         BIGINT NOT NULL,
    PRIMARY KEY (environment_id, application_id, hour)
);
CREATE INDEX application_usage_by_hour ON application_usage (hour);
ALTER TABLE environment_usage ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
