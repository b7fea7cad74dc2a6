-- +goose Up
-- What an application says about the people who use it: where they may be sent, and which pages may ask for them.
ALTER TABLE application ADD COLUMN home_url TEXT NOT NULL DEFAULT ''; -- empty: none
ALTER TABLE application ADD COLUMN target_urls TEXT NOT NULL DEFAULT '[]'; -- JSON array
ALTER TABLE application ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT '[]'; -- JSON array

-- Which users an application registered or invited: the only ones that it sees by the API family application-users.
CREATE TABLE directory_link (
    environment_id TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, application_id, user_id),
    FOREIGN KEY (environment_id, application_id) REFERENCES application (environment_id, id) ON DELETE CASCADE,
    FOREIGN KEY (environment_id, user_id) REFERENCES directory_user (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX directory_link_by_user ON directory_link (environment_id, user_id, application_id);

-- People who were asked to join. The link itself is a ticket, whose id is the invitation's.
CREATE TABLE invitation (
    environment_id TEXT   NOT NULL REFERENCES environment (id),
    id             TEXT   NOT NULL, -- a UUID of version 7, so that ids are in the order of creation
    ticket_id      TEXT   NOT NULL,
    user_id        TEXT   NOT NULL, -- empty: somebody who is no user yet
    address        TEXT   NOT NULL, -- where it was sent
    population_id  TEXT   NOT NULL,
    application_id TEXT   NOT NULL, -- who is told by the letter; empty: none
    invited_by     TEXT   NOT NULL, -- the application that asked
    inviter        TEXT   NOT NULL, -- the name of the person in the letter
    language       TEXT   NOT NULL,
    target_url     TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- pending | accepted | withdrawn
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL, -- 0: pending
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX invitation_by_ticket ON invitation (environment_id, ticket_id);
CREATE INDEX invitation_by_user ON invitation (environment_id, user_id) WHERE user_id <> '';
CREATE INDEX invitation_by_address ON invitation (environment_id, address, created_at);
CREATE INDEX invitation_expires ON invitation (expires_at);

-- +goose Down
SELECT 'migrations only go forward: restore a backup instead' FROM a_table_that_is_not_there;
