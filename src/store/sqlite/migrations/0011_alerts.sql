-- Since when a delivery whose end nobody saw may have arrived.
ALTER TABLE outbox ADD COLUMN begun_at INTEGER;

-- Rows of a group wait for each other, rows of other groups only for those that are tried again.
CREATE INDEX outbox_pending_groups ON outbox (destination, grouping, seq, next_attempt_at, attempts)
  WHERE state = 'pending';

-- The message that stands for a group at a destination.
CREATE TABLE thread (
  destination TEXT    NOT NULL,
  grouping    TEXT    NOT NULL,
  channel     TEXT    NOT NULL,
  ts          TEXT    NOT NULL,
  open        INTEGER NOT NULL,
  changed_at  INTEGER NOT NULL,
  body        TEXT    NOT NULL,
  PRIMARY KEY (destination, grouping)
) STRICT, WITHOUT ROWID;

CREATE INDEX thread_open ON thread (destination, changed_at) WHERE open = 1;

-- The columns hold the silence as it was asked for; revoking changes the body and `revoked_at`.
CREATE TABLE silence (
  id         TEXT    PRIMARY KEY,
  created_at INTEGER NOT NULL,
  until      INTEGER NOT NULL CHECK (until > created_at),
  revoked_at INTEGER,
  body       TEXT    NOT NULL
) STRICT;
