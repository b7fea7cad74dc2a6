-- +goose Up
-- Assertions that were used, so that none is used twice, whatever node and endpoint it is shown to. The hash is over
-- issuer and jti; rows go some time after the assertion has expired.

CREATE TABLE assertion_seen (
    environment_id TEXT   NOT NULL,
    hash           BLOB   NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, hash)
);
CREATE INDEX assertion_seen_by_expiry ON assertion_seen (expires_at);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
