-- +goose Up
-- The credentials that are held for other people's systems. A connector is an environment's use of a provider, a
-- connection what one customer entered for it.
CREATE TABLE connector (
    environment_id TEXT    NOT NULL REFERENCES environment (id),
    id             TEXT    NOT NULL,
    name           TEXT    NOT NULL, -- a word of the environment's own, unique in it; never changes
    provider       TEXT    NOT NULL, -- of the catalogue; never changes
    title          TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    enabled        BOOLEAN NOT NULL,
    settings       TEXT    NOT NULL, -- JSON: preset values, scopes, client_id, documentation, places the proxy may go to
    version        BIGINT  NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id),
    UNIQUE (environment_id, name)
);

-- Providers that an environment has stopped: none of their connections is used.
CREATE TABLE connector_stop (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    provider       TEXT   NOT NULL,
    stopped_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, provider)
) WITHOUT ROWID;

CREATE TABLE connector_secret (
    environment_id TEXT NOT NULL,
    id             TEXT NOT NULL, -- connector/field
    connector_id   TEXT NOT NULL,
    sealed         BLOB NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, connector_id) REFERENCES connector (environment_id, id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE connection (
    environment_id  TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    connector_id    TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    enabled         BOOLEAN NOT NULL,
    state           TEXT    NOT NULL, -- healthy | failing | exhausted
    stage           TEXT    NOT NULL, -- of the failure; empty when healthy
    reason          TEXT    NOT NULL, -- in words for a person
    warning         TEXT    NOT NULL, -- of a connection that works, but
    failing_since   BIGINT  NOT NULL,
    filled          TEXT    NOT NULL, -- JSON: what was entered and is no secret
    metadata        TEXT    NOT NULL, -- JSON
    end_user        TEXT    NOT NULL, -- JSON: id, email, display name of the person who connected it
    end_user_id     TEXT    NOT NULL,
    organization_id TEXT    NOT NULL, -- of that person, in the words of whoever asked
    version         BIGINT  NOT NULL,
    created_by      TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, connector_id) REFERENCES connector (environment_id, id)
);
CREATE INDEX connection_by_connector ON connection (environment_id, connector_id, id);
CREATE INDEX connection_by_end_user ON connection (environment_id, end_user_id);
CREATE INDEX connection_by_organization ON connection (environment_id, organization_id);

CREATE TABLE connection_tag (
    environment_id TEXT NOT NULL,
    connection_id  TEXT NOT NULL,
    name           TEXT NOT NULL,
    value          TEXT NOT NULL,
    PRIMARY KEY (environment_id, connection_id, name),
    FOREIGN KEY (environment_id, connection_id) REFERENCES connection (environment_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX connection_tag_by_value ON connection_tag (environment_id, name, value);

CREATE TABLE connection_secret (
    environment_id TEXT NOT NULL,
    id             TEXT NOT NULL, -- connection/field
    connection_id  TEXT NOT NULL,
    sealed         BLOB NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, connection_id) REFERENCES connection (environment_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX connection_secret_by_connection ON connection_secret (environment_id, connection_id);

-- What the freshness of a connection is made of. It changes often and is nobody's version.
CREATE TABLE connection_token (
    environment_id TEXT   NOT NULL,
    id             TEXT   NOT NULL, -- of the connection
    sealed         BLOB   NOT NULL, -- JSON: access token, its type, refresh token; empty before the first
    expires_at     BIGINT NOT NULL, -- 0 never, or no token
    fetched_at     BIGINT NOT NULL,
    refresh_at     BIGINT NOT NULL, -- when the next one is fetched if nobody asks; 0 never
    used_at        BIGINT NOT NULL, -- late
    failures       BIGINT NOT NULL, -- in a row
    retry_at       BIGINT NOT NULL, -- not before, after a failure
    generation     BIGINT NOT NULL, -- the fence: grows with every intent
    holder         TEXT   NOT NULL, -- the node that is fetching; empty: nobody
    held_until     BIGINT NOT NULL,
    lost           BIGINT NOT NULL, -- intents in a row of which nobody knows how they ended
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id, id) REFERENCES connection (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_token_due ON connection_token (refresh_at);

-- A connect session: the right to enter the credentials of one connection.
CREATE TABLE connect_session (
    environment_id TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    pepper         BIGINT NOT NULL, -- version of the pepper
    hash           BLOB   NOT NULL, -- of its token
    connection_id  TEXT   NOT NULL, -- being reconnected; empty: a new one
    settings       TEXT   NOT NULL, -- JSON: connectors, presets, origins, tags, end user, language, theme, return address
    sealed         BLOB   NOT NULL, -- JSON: what was entered by a person who was sent to agree, state, PKCE verifier; else empty
    created_by     TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT NOT NULL, -- 0: not yet
    tries          BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id),
    FOREIGN KEY (environment_id) REFERENCES environment (id)
);
CREATE INDEX connect_session_by_end ON connect_session (expires_at);

-- Who has used a connection: a first use is worth an event.
CREATE TABLE connection_caller (
    environment_id TEXT   NOT NULL,
    connection_id  TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    first_at       BIGINT NOT NULL,
    PRIMARY KEY (environment_id, connection_id, application_id),
    FOREIGN KEY (environment_id, connection_id) REFERENCES connection (environment_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
