-- +goose Up
CREATE TABLE trusted_ca (
    environment_id TEXT    NOT NULL REFERENCES environment (id),
    id             TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    own            BOOLEAN NOT NULL, -- the environment's own authority, whose key is in sealed
    certificate    TEXT    NOT NULL, -- PEM
    sealed         BLOB,             -- PKCS #8, sealed
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, name)
);
