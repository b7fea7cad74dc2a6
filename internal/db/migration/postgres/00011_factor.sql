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
    mac            BYTEA  NOT NULL,
    data           TEXT   NOT NULL, -- JSON; empty where it is sealed
    sealed         BYTEA,           -- JSON, sealed
    failures       BIGINT NOT NULL, -- wrong answers given with it
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX ticket_by_user ON ticket (environment_id, user_id, purpose);
CREATE INDEX ticket_expires ON ticket (expires_at);

CREATE TABLE factor (
    environment_id TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    user_id        TEXT    NOT NULL,
    kind           TEXT    NOT NULL, -- totp | email | recovery | passkey
    name           TEXT    NOT NULL,
    confirmed      BOOLEAN NOT NULL, -- its first code was right; nobody signs in with one that is not
    sealed         BYTEA,           -- totp: the secret; recovery: a key, and the codes' keyed hashes under it
    data           TEXT    NOT NULL, -- email: the address; passkey: the credential record, JSON
    handle         TEXT,             -- passkey: hash of the credential id
    last_step      BIGINT  NOT NULL, -- totp: the newest time step of which a code was accepted
    codes          BIGINT  NOT NULL, -- recovery: how many are left
    failures       BIGINT  NOT NULL, -- in a row
    locked_until   BIGINT  NOT NULL, -- 0: not locked
    sent           BIGINT  NOT NULL, -- email: codes since sent_since
    sent_since     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    used_at        BIGINT  NOT NULL, -- 0: never
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, handle),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX factor_by_user ON factor (environment_id, user_id, created_at, id);
CREATE UNIQUE INDEX factor_recovery ON factor (environment_id, user_id) WHERE kind = 'recovery';

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
