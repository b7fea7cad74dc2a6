-- +goose Up
-- Failed logons with secrets, and the locks that follow from them. Like credential_usage it has no foreign key: a
-- failure must not wait for whoever holds the application's row, and what a deleted application leaves is forgotten.

CREATE TABLE logon_failure (
    environment_id TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    network        TEXT   NOT NULL, -- empty: the client, wherever from; else an IPv4 /24, an IPv6 /64 or "-"
    failures       BIGINT NOT NULL, -- in a row
    first_at       BIGINT NOT NULL, -- of those; 0: none
    last_at        BIGINT NOT NULL, -- of those, or when it was unlocked
    locked_until   BIGINT NOT NULL, -- 0: not locked
    told_at        BIGINT NOT NULL, -- of the client's own row: the last lock that is in the ledger; 0: none
    updated_at     BIGINT NOT NULL, -- never goes back in one row, whatever the nodes' clocks say
    PRIMARY KEY (environment_id, application_id, network)
);

CREATE INDEX logon_failure_updated ON logon_failure (updated_at);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
