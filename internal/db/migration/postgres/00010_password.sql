-- +goose Up
-- People's passwords. Hashes are sealed under the environment's password key, so that a stolen database is no list to
-- guess against.
CREATE TABLE password_key (
    environment_id TEXT NOT NULL PRIMARY KEY REFERENCES environment (id),
    sealed         BYTEA NOT NULL
);

CREATE TABLE password_policy (
    environment_id TEXT   NOT NULL PRIMARY KEY REFERENCES environment (id),
    policy         TEXT   NOT NULL, -- JSON; what is missing has its default
    version        BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);

CREATE TABLE user_password (
    environment_id TEXT   NOT NULL,
    user_id        TEXT COLLATE "C" NOT NULL,
    hash           BYTEA  NOT NULL, -- under the password key: a PHC string, or the spelling of the system that it came from
    number         BIGINT NOT NULL, -- another one with every other hash
    set_at         BIGINT NOT NULL,
    failures       BIGINT NOT NULL, -- in a row
    failed_at      BIGINT NOT NULL, -- the last of those, or when they were forgotten
    told_at        BIGINT NOT NULL, -- the last lock that is in the ledger; 0: none
    PRIMARY KEY (environment_id, user_id),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);

-- Earlier passwords, which may not come back.
CREATE TABLE user_password_history (
    environment_id TEXT   NOT NULL,
    user_id        TEXT COLLATE "C" NOT NULL,
    number         BIGINT NOT NULL,
    hash           BYTEA  NOT NULL,
    PRIMARY KEY (environment_id, user_id, number),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
