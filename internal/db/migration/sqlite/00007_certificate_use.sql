-- +goose Up
-- Which certificates and authorities credentials rely on: one certificate is one credential of its environment, and an
-- authority that is relied on stays. The rows go with their credential, or with all of an application's.
CREATE TABLE credential_certificate (
    environment_id TEXT NOT NULL,
    thumbprint     TEXT NOT NULL, -- SHA-256, hexadecimal
    application_id TEXT NOT NULL,
    credential_id  TEXT NOT NULL,
    PRIMARY KEY (environment_id, thumbprint),
    FOREIGN KEY (environment_id, application_id, credential_id) REFERENCES credential (environment_id, application_id, id) ON DELETE CASCADE
);
CREATE INDEX credential_certificate_by_credential ON credential_certificate (environment_id, application_id, credential_id);

CREATE TABLE credential_ca (
    environment_id TEXT NOT NULL,
    ca_id          TEXT NOT NULL,
    application_id TEXT NOT NULL,
    credential_id  TEXT NOT NULL,
    PRIMARY KEY (environment_id, ca_id, application_id, credential_id),
    FOREIGN KEY (environment_id, ca_id) REFERENCES trusted_ca (environment_id, id),
    FOREIGN KEY (environment_id, application_id, credential_id) REFERENCES credential (environment_id, application_id, id) ON DELETE CASCADE
);
CREATE INDEX credential_ca_by_credential ON credential_ca (environment_id, application_id, credential_id);
