-- AUTOINCREMENT: a sequence number is never used again, or a pruned row could be overtaken.
-- The key is unique for each destination, so that one key for two receivers never loses the second notice.
CREATE TABLE outbox (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  key             TEXT    NOT NULL,
  destination     TEXT    NOT NULL,
  grouping        TEXT    NOT NULL,
  due_at          INTEGER NOT NULL,
  payload         TEXT    NOT NULL,
  state           TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
  attempts        INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  finished_at     INTEGER,
  last_error      TEXT,
  UNIQUE (destination, key)
) STRICT;

CREATE INDEX outbox_pending ON outbox (destination, seq, next_attempt_at) WHERE state = 'pending';
CREATE INDEX outbox_groups ON outbox (destination, grouping, seq);
