-- +goose Up
-- What a credential can be and what can happen to it. Everything here expands: a program of the schema before it
-- goes on working beside the new one during an upgrade.

ALTER TABLE environment ADD COLUMN policy TEXT NOT NULL DEFAULT ''; -- JSON; empty: the defaults
ALTER TABLE environment ADD COLUMN region TEXT NOT NULL DEFAULT ''; -- code of the region table; empty: wherever this is

ALTER TABLE application ADD COLUMN kind TEXT NOT NULL DEFAULT 'service'; -- service | worker | pair | global | exchange | connection
ALTER TABLE application ADD COLUMN lock_mode TEXT NOT NULL DEFAULT 'on'; -- on | client+network | off
ALTER TABLE application ADD COLUMN legacy_audience BOOLEAN NOT NULL DEFAULT FALSE; -- assertions may name the token endpoint
ALTER TABLE application ADD COLUMN target_id TEXT NOT NULL DEFAULT ''; -- exchange: the application whose exchange it opens

ALTER TABLE credential ADD COLUMN form TEXT NOT NULL DEFAULT 'generated'; -- of a secret: generated | chosen | imported
ALTER TABLE credential ADD COLUMN families BIGINT NOT NULL DEFAULT 7; -- bits: 1 application, 2 application-users, 4 openid
ALTER TABLE credential ADD COLUMN networks TEXT NOT NULL DEFAULT ''; -- JSON array of CIDR; empty: from anywhere
ALTER TABLE credential ADD COLUMN proof TEXT NOT NULL DEFAULT ''; -- JSON: what recognises it, nothing secret in it
ALTER TABLE credential ADD COLUMN sealed BYTEA; -- a secret that can be shown again, or an imported hash
ALTER TABLE credential ADD COLUMN viewable BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE credential ADD COLUMN replaces TEXT NOT NULL DEFAULT ''; -- the credential that this one was rotated from
ALTER TABLE credential ADD COLUMN grace BIGINT NOT NULL DEFAULT -1; -- seconds that one goes on after this one's first use; -1: no such thing
ALTER TABLE credential ADD COLUMN quiet_days BIGINT NOT NULL DEFAULT 0; -- deleted after so many days without a use; 0: never
ALTER TABLE credential ADD COLUMN noticed BIGINT NOT NULL DEFAULT 0; -- bits: the notices of expiry that were given
ALTER TABLE credential ADD COLUMN exposed_at BIGINT NOT NULL DEFAULT 0; -- when it was reported as leaked; 0: not
ALTER TABLE credential ADD COLUMN score BIGINT NOT NULL DEFAULT 4; -- strength when it was made, 0 to 4
CREATE INDEX credential_by_hint ON credential (hint);
CREATE INDEX credential_by_expiry ON credential (expires_at) WHERE expires_at > 0;

ALTER TABLE credential_usage ADD COLUMN refused TEXT NOT NULL DEFAULT '[]'; -- JSON array of 24 counts
ALTER TABLE credential_usage ADD COLUMN last_address TEXT NOT NULL DEFAULT '';
ALTER TABLE credential_usage ADD COLUMN last_agent TEXT NOT NULL DEFAULT '';

ALTER TABLE application_refusal ADD COLUMN detail TEXT NOT NULL DEFAULT ''; -- for administrators: what differed

CREATE TABLE permission_usage (
    environment_id TEXT   NOT NULL,
    credential_id  TEXT   NOT NULL,
    number         BIGINT NOT NULL, -- of the permission
    day            BIGINT NOT NULL, -- the last day it was in a token, in days since 1970
    PRIMARY KEY (environment_id, credential_id, number)
);

CREATE TABLE handover (
    environment_id TEXT   NOT NULL,
    id             TEXT   NOT NULL, -- keyed hash of what stands in the link
    application_id TEXT   NOT NULL,
    credential_id  TEXT   NOT NULL,
    sealed         BYTEA   NOT NULL,
    created_by     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX handover_by_credential ON handover (environment_id, credential_id);

CREATE TABLE role_assignment (
    environment_id TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    role           TEXT   NOT NULL,
    scope_kind     TEXT   NOT NULL, -- organization | environment | population | application
    scope_id       TEXT   NOT NULL,
    created_by     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, application_id, role, scope_kind, scope_id),
    FOREIGN KEY (environment_id, application_id) REFERENCES application (environment_id, id)
);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
