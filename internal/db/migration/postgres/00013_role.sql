-- +goose Up
-- Roles that an environment makes for itself, and the roles of users. Workers' roles are in role_assignment; a role is
-- there either the word of a built-in one or the id of a row here.
CREATE TABLE custom_role (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    name_folded    TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    permissions    TEXT   NOT NULL, -- names, as a JSON array
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, name_folded)
);

CREATE TABLE user_role (
    environment_id TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    role           TEXT   NOT NULL,
    scope_kind     TEXT   NOT NULL, -- organization | environment | population
    scope_id       TEXT   NOT NULL,
    created_by     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, user_id, role, scope_kind, scope_id),
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE,
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX user_role_by_role ON user_role (environment_id, role, user_id);
CREATE INDEX role_assignment_by_role ON role_assignment (environment_id, role, application_id);

-- +goose Down
DROP INDEX role_assignment_by_role;
DROP TABLE user_role;
DROP TABLE custom_role;
