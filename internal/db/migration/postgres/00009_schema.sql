-- +goose Up
-- Attributes that an environment adds to its users.
CREATE TABLE custom_schema (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL,
    urn            TEXT   NOT NULL,
    urn_folded     TEXT   NOT NULL, -- compared without case
    name           TEXT   NOT NULL,
    name_folded    TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    definition     TEXT   NOT NULL, -- JSON: its attributes (RFC 7643 §7)
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, urn_folded),
    UNIQUE (environment_id, name_folded)
);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
