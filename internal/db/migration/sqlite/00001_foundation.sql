-- +goose Up
-- One text of every query serves both engines, so the two files of a migration differ only in types:
-- times are microseconds since 1970 (BIGINT), identifiers are lowercase text, JSON is text and never queried.

CREATE TABLE installation (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    id             TEXT    NOT NULL,
    oldest_program BIGINT  NOT NULL, -- the oldest schema generation a program may know and still run here
    created_at     BIGINT  NOT NULL
);

CREATE TABLE root_key (
    fingerprint TEXT   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL,
    retired_at  BIGINT NOT NULL -- 0: something may be sealed under it; the row stays, so that it never returns
);

CREATE TABLE organization (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE environment (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL REFERENCES organization (id),
    slug            TEXT    UNIQUE,
    name            TEXT    NOT NULL,
    is_default      BOOLEAN NOT NULL,
    enabled         BOOLEAN NOT NULL,
    epoch           BIGINT  NOT NULL,
    incarnation     BIGINT  NOT NULL, -- random; renewed by a restore, so that a restore resurrects no token
    next_number     BIGINT  NOT NULL, -- the next number for an API or a permission; numbers are never reused
    version         BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);

CREATE TABLE environment_key (
    environment_id   TEXT   NOT NULL PRIMARY KEY REFERENCES environment (id),
    root_fingerprint TEXT   NOT NULL REFERENCES root_key (fingerprint),
    keyset           BLOB   NOT NULL, -- tink AEAD keyset, sealed under the root key
    updated_at       BIGINT NOT NULL
);

CREATE TABLE api (
    environment_id TEXT    NOT NULL REFERENCES environment (id),
    id             TEXT    NOT NULL,
    number         BIGINT  NOT NULL,
    name           TEXT    NOT NULL,
    audience       TEXT    NOT NULL,
    builtin        BOOLEAN NOT NULL, -- Counterfoil's own management API; its audience follows the issuer
    token_format   TEXT    NOT NULL, -- jwt | handle
    signing_alg    TEXT    NOT NULL,
    token_lifetime BIGINT  NOT NULL, -- seconds
    on_stale       TEXT    NOT NULL, -- serve | refuse
    enabled        BOOLEAN NOT NULL,
    epoch          BIGINT  NOT NULL,
    version        BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, number),
    UNIQUE (environment_id, name),
    UNIQUE (environment_id, audience)
);

CREATE TABLE permission (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    number         BIGINT NOT NULL,
    api_id         TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, number),
    UNIQUE (environment_id, name)
);

CREATE TABLE application (
    environment_id TEXT    NOT NULL REFERENCES environment (id),
    id             TEXT    NOT NULL, -- the client_id
    name           TEXT    NOT NULL,
    name_folded    TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    enabled        BOOLEAN NOT NULL,
    epoch          BIGINT  NOT NULL,
    token_lifetime BIGINT  NOT NULL, -- seconds; 0: what the API says
    auth_methods   TEXT    NOT NULL, -- JSON array; empty: any
    permissions    TEXT    NOT NULL, -- JSON array of permission numbers
    introspects    TEXT    NOT NULL, -- JSON array of API numbers
    version        BIGINT  NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, name_folded)
);

CREATE TABLE credential (
    environment_id TEXT    NOT NULL,
    application_id TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    kind           TEXT    NOT NULL, -- secret
    description    TEXT    NOT NULL,
    hint           TEXT    NOT NULL,
    enabled        BOOLEAN NOT NULL,
    epoch          BIGINT  NOT NULL,
    not_before     BIGINT  NOT NULL, -- 0: at once
    expires_at     BIGINT  NOT NULL, -- 0: never
    permissions    TEXT    NOT NULL, -- JSON array of permission numbers; empty text: all of the application's
    mac            BLOB    NOT NULL, -- keyed hash, wrapped once per pepper
    peppers        TEXT    NOT NULL, -- JSON array of root key versions, innermost first
    version        BIGINT  NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, application_id, id),
    FOREIGN KEY (environment_id, application_id) REFERENCES application (environment_id, id)
);

CREATE TABLE credential_usage (
    environment_id TEXT   NOT NULL,
    credential_id  TEXT   NOT NULL,
    day            BIGINT NOT NULL, -- days since 1970, UTC
    hours          TEXT   NOT NULL, -- JSON array of 24 counts
    last_used_at   BIGINT NOT NULL,
    PRIMARY KEY (environment_id, credential_id, day)
);

CREATE TABLE application_refusal (
    environment_id TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    slot           BIGINT NOT NULL, -- number modulo 20: no application ever has more rows
    number         BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    reason         TEXT   NOT NULL,
    method         TEXT   NOT NULL, -- client_secret_basic | client_secret_post
    address        TEXT   NOT NULL, -- empty: none
    credential_id  TEXT   NOT NULL, -- empty: no right secret was presented
    PRIMARY KEY (environment_id, application_id, slot),
    FOREIGN KEY (environment_id, application_id) REFERENCES application (environment_id, id)
);

CREATE TABLE signing_key (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL, -- the kid
    alg            TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- next | active | retired
    public         BLOB   NOT NULL, -- SubjectPublicKeyInfo, DER
    sealed         BLOB,            -- PKCS #8, sealed; gone once the key is retired
    created_at     BIGINT NOT NULL,
    activated_at   BIGINT NOT NULL,
    retired_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id)
);
CREATE UNIQUE INDEX signing_key_one_of_a_state ON signing_key (environment_id, alg, state) WHERE state <> 'retired';

CREATE TABLE handle_key (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    number         BIGINT NOT NULL,
    sealed         BLOB   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, number)
);

CREATE TABLE revoked_token (
    environment_id TEXT   NOT NULL,
    jti            TEXT   NOT NULL,
    credential_id  TEXT   NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, jti)
);
CREATE INDEX revoked_token_by_credential ON revoked_token (environment_id, credential_id, expires_at);

CREATE TABLE ledger_head (
    environment_id TEXT   NOT NULL PRIMARY KEY REFERENCES environment (id),
    number         BIGINT NOT NULL,
    hash           BLOB   NOT NULL
);

CREATE TABLE ledger_event (
    environment_id TEXT    NOT NULL,
    number         BIGINT  NOT NULL,
    at             BIGINT  NOT NULL,
    kind           TEXT    NOT NULL,
    actor_kind     TEXT    NOT NULL,
    actor_id       TEXT    NOT NULL,
    subject_kind   TEXT    NOT NULL,
    subject_id     TEXT    NOT NULL,
    register       BOOLEAN NOT NULL, -- matters to the token path; tailed on its own
    payload        TEXT,             -- JSON; erasable
    salt           BLOB,             -- erased with the payload
    digest         BLOB    NOT NULL, -- of salt and payload; what the chain covers
    hash           BLOB    NOT NULL,
    PRIMARY KEY (environment_id, number)
);
CREATE INDEX ledger_event_for_register ON ledger_event (environment_id, number) WHERE register;
CREATE INDEX ledger_event_by_subject ON ledger_event (environment_id, subject_id, number);

CREATE TABLE ledger_key (
    environment_id TEXT   NOT NULL PRIMARY KEY REFERENCES environment (id),
    public         BLOB   NOT NULL,
    sealed         BLOB   NOT NULL
);

CREATE TABLE ledger_checkpoint (
    environment_id TEXT   NOT NULL,
    number         BIGINT NOT NULL,
    hash           BLOB   NOT NULL,
    at             BIGINT NOT NULL,
    signature      BLOB   NOT NULL,
    PRIMARY KEY (environment_id, number)
);

CREATE TABLE node (
    id      TEXT   NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

CREATE TABLE node_position (
    node_id        TEXT   NOT NULL,
    environment_id TEXT   NOT NULL,
    number         BIGINT NOT NULL,
    PRIMARY KEY (node_id, environment_id)
);

CREATE TABLE lease (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL
);

CREATE TABLE idempotency (
    environment_id TEXT   NOT NULL,
    principal      TEXT   NOT NULL,
    key            TEXT   NOT NULL,
    route          TEXT   NOT NULL,
    body_hash      TEXT   NOT NULL,
    resource       TEXT   NOT NULL, -- where the created resource stands; never its body
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, principal, key)
);

INSERT INTO installation (one, id, oldest_program, created_at) VALUES (1, '', 1, 0);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
