-- +goose Up

CREATE TABLE webhook_endpoint (
    environment_id TEXT    NOT NULL REFERENCES environment (id),
    id             TEXT    NOT NULL,
    url            TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    kinds          TEXT    NOT NULL, -- JSON array of event kinds or their first segments; empty: all
    enabled        BOOLEAN NOT NULL,
    reason         TEXT    NOT NULL, -- why Counterfoil disabled it by itself; empty: it did not
    position       BIGINT  NOT NULL, -- the ledger event up to which there are deliveries
    failures       BIGINT  NOT NULL, -- in a row, whatever they were about
    paused_until   BIGINT  NOT NULL, -- 0: not paused
    secret_number  BIGINT  NOT NULL, -- the newest secret
    version        BIGINT  NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id)
);

CREATE TABLE webhook_secret (
    environment_id TEXT   NOT NULL,
    endpoint_id    TEXT   NOT NULL,
    number         BIGINT NOT NULL,
    sealed         BYTEA  NOT NULL,
    until          BIGINT NOT NULL, -- when a secret that was rotated stops signing; 0: the newest
    PRIMARY KEY (environment_id, endpoint_id, number),
    FOREIGN KEY (environment_id, endpoint_id) REFERENCES webhook_endpoint (environment_id, id)
);

CREATE TABLE webhook_delivery (
    environment_id TEXT   NOT NULL,
    endpoint_id    TEXT   NOT NULL,
    event          BIGINT NOT NULL,
    last_event     BIGINT NOT NULL, -- higher than event: one message for a batch
    events         BIGINT NOT NULL, -- how many the message stands for
    kind           TEXT   NOT NULL,
    subject_kind   TEXT   NOT NULL,
    subject_id     TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- pending | delivered | dead
    attempts       BIGINT NOT NULL,
    queued_at      BIGINT NOT NULL,
    next_at        BIGINT NOT NULL, -- pending: when it is tried next
    tried_at       BIGINT NOT NULL, -- 0: never
    status         BIGINT NOT NULL, -- of the last answer; 0: none
    answer         TEXT   NOT NULL, -- its beginning, cleaned, or why there was none
    PRIMARY KEY (environment_id, endpoint_id, event),
    FOREIGN KEY (environment_id, endpoint_id) REFERENCES webhook_endpoint (environment_id, id)
);
CREATE INDEX webhook_delivery_by_subject ON webhook_delivery (environment_id, endpoint_id, subject_kind, subject_id, event)
    WHERE state = 'pending';
CREATE INDEX webhook_delivery_due ON webhook_delivery (environment_id, endpoint_id, next_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_batches ON webhook_delivery (environment_id, endpoint_id, event)
    WHERE state = 'pending' AND events > 1;
-- An index with the state as a column would be taken for the first, and make looking for due messages quadratic.
CREATE INDEX webhook_delivery_dead ON webhook_delivery (environment_id, endpoint_id, event) WHERE state = 'dead';

CREATE TABLE notice_address (
    environment_id TEXT NOT NULL REFERENCES environment (id),
    address        TEXT NOT NULL,
    PRIMARY KEY (environment_id, address)
);

-- There is a row while the environment has addresses.
CREATE TABLE notice_position (
    environment_id TEXT   NOT NULL PRIMARY KEY REFERENCES environment (id),
    position       BIGINT NOT NULL, -- the ledger event up to which there are items
    mailed         BIGINT NOT NULL, -- the ledger event up to which there are mails
    mailed_at      BIGINT NOT NULL  -- when mails were last made; 0: never
);

CREATE TABLE notice_item (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    event          BIGINT NOT NULL, -- of a credential that expires
    at             BIGINT NOT NULL,
    horizon        BIGINT NOT NULL, -- days
    PRIMARY KEY (environment_id, event)
);

CREATE TABLE notice_mail (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    after_event    BIGINT NOT NULL, -- it tells the events from here, exclusive,
    last_event     BIGINT NOT NULL, -- to here
    address        TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- pending | sent | dead
    attempts       BIGINT NOT NULL,
    queued_at      BIGINT NOT NULL,
    next_at        BIGINT NOT NULL,
    problem        TEXT   NOT NULL, -- of the last attempt
    PRIMARY KEY (environment_id, last_event, address)
);
CREATE INDEX notice_mail_due ON notice_mail (next_at) WHERE state = 'pending';

CREATE TABLE mailbox_message (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    number         BIGINT NOT NULL,
    id             TEXT   NOT NULL, -- Message-ID
    at             BIGINT NOT NULL,
    recipient      TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    body           TEXT   NOT NULL,
    PRIMARY KEY (environment_id, number)
);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
