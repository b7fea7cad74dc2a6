-- +goose Up
-- Events by what happened and by who did it. Both are appended to in the order of their numbers, within few kinds and actors.
CREATE INDEX ledger_event_by_kind ON ledger_event (environment_id, kind, number);
CREATE INDEX ledger_event_by_actor ON ledger_event (environment_id, actor_id, kind, number);

-- +goose Down
DROP INDEX ledger_event_by_actor;
DROP INDEX ledger_event_by_kind;
