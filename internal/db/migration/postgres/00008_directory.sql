-- +goose Up
-- The people of an environment. Columns whose names end in _folded hold what is compared: see directory.Fold.
CREATE TABLE directory_population (
    environment_id TEXT    NOT NULL REFERENCES environment (id),
    id             TEXT COLLATE "C"    NOT NULL,
    name           TEXT    NOT NULL,
    name_folded    TEXT COLLATE "C"    NOT NULL,
    description    TEXT    NOT NULL,
    is_default     BOOLEAN NOT NULL,
    version        BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, name_folded)
);
CREATE UNIQUE INDEX directory_population_default ON directory_population (environment_id) WHERE is_default;

-- The indexes on folded names are partial, because many users have none of them: queries say "<> ''" to use one.
CREATE TABLE directory_user (
    environment_id   TEXT   NOT NULL,
    id               TEXT COLLATE "C"   NOT NULL, -- a UUID of version 7, so that ids are in the order of creation
    number           BIGINT NOT NULL, -- random, 48 bits: a stable second id for systems that know only numbers
    population_id    TEXT COLLATE "C"   NOT NULL,
    user_name_folded TEXT COLLATE "C"   NOT NULL,
    external_id      TEXT COLLATE "C"   NOT NULL,
    given_folded     TEXT COLLATE "C"   NOT NULL,
    family_folded    TEXT COLLATE "C"   NOT NULL,
    display_folded   TEXT COLLATE "C"   NOT NULL,
    status           TEXT   NOT NULL, -- unapproved | rejected | staged | active | suspended
    password_state   TEXT   NOT NULL, -- none | pending | set | expired | reset_required
    locked_until     BIGINT NOT NULL, -- 0: not locked
    profile          TEXT   NOT NULL, -- JSON, with the names of RFC 7643
    epoch            BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    activated_at     BIGINT NOT NULL, -- 0: never
    last_login_at    BIGINT NOT NULL, -- 0: never
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, number),
    FOREIGN KEY (environment_id, population_id) REFERENCES directory_population (environment_id, id)
);
CREATE INDEX directory_user_by_name ON directory_user (environment_id, user_name_folded, id);
CREATE INDEX directory_user_by_population ON directory_user (environment_id, population_id, id);
CREATE INDEX directory_user_by_external_id ON directory_user (environment_id, external_id, id) WHERE external_id <> '';
CREATE INDEX directory_user_by_given ON directory_user (environment_id, given_folded, id) WHERE given_folded <> '';
CREATE INDEX directory_user_by_family ON directory_user (environment_id, family_folded, id) WHERE family_folded <> '';
CREATE INDEX directory_user_by_display ON directory_user (environment_id, display_folded, id) WHERE display_folded <> '';
CREATE INDEX directory_user_by_update ON directory_user (environment_id, updated_at, id);
CREATE INDEX directory_user_not_active ON directory_user (environment_id, status, id) WHERE status <> 'active';

-- What users sign in with: user names and addresses in one space, so that nobody can take another's address for a name.
CREATE TABLE directory_login (
    environment_id TEXT    NOT NULL,
    folded         TEXT COLLATE "C" NOT NULL,
    user_id        TEXT COLLATE "C" NOT NULL,
    is_email       BOOLEAN NOT NULL, -- one of the user's addresses, and perhaps the user name, too
    PRIMARY KEY (environment_id, folded)
);

-- Further values by which users are found. The attribute is a path of RFC 7644 in lower case.
CREATE TABLE directory_value (
    environment_id TEXT NOT NULL,
    attribute      TEXT COLLATE "C" NOT NULL,
    folded         TEXT COLLATE "C" NOT NULL,
    user_id        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (environment_id, attribute, folded, user_id)
);

CREATE TABLE directory_group (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT COLLATE "C"   NOT NULL, -- a UUID of version 7
    name           TEXT   NOT NULL,
    name_folded    TEXT COLLATE "C"   NOT NULL,
    description    TEXT   NOT NULL,
    external_id    TEXT COLLATE "C"   NOT NULL,
    population_id  TEXT COLLATE "C"   NOT NULL, -- empty: of the whole environment
    filter         TEXT   NOT NULL, -- not empty: who is a member follows from this filter of RFC 7644
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, name_folded)
);

CREATE INDEX directory_group_by_external_id ON directory_group (environment_id, external_id) WHERE external_id <> '';
CREATE INDEX directory_group_dynamic ON directory_group (environment_id, id) WHERE filter <> '';

CREATE TABLE directory_member (
    environment_id TEXT NOT NULL,
    group_id       TEXT COLLATE "C" NOT NULL,
    member_id      TEXT COLLATE "C" NOT NULL,
    kind           TEXT NOT NULL, -- user | group
    PRIMARY KEY (environment_id, group_id, member_id),
    FOREIGN KEY (environment_id, group_id) REFERENCES directory_group (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX directory_member_by_member ON directory_member (environment_id, member_id, group_id);
