-- `status`, `replacement` and `ended_at` repeat what the body says, for the indexes. `key` is the order of commit.
CREATE TABLE operation (
  key         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT    NOT NULL UNIQUE,
  kind        TEXT    NOT NULL CHECK (kind IN ('quarantine', 'replace', 'release', 'rollback')),
  status      TEXT    NOT NULL
              CHECK (status IN ('running', 'retaining', 'rolling-back', 'needs-human', 'done', 'rolled-back')),
  account     TEXT    NOT NULL,
  region      TEXT    NOT NULL,
  instance    TEXT    NOT NULL,
  replacement TEXT,
  fleet       TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  body        TEXT    NOT NULL,
  CHECK ((ended_at IS NOT NULL) = (status IN ('done', 'rolled-back')))
) STRICT;

-- Holds the unfinished ones only: going on after a crash costs the same however many are finished.
CREATE INDEX operation_unfinished ON operation (key) WHERE ended_at IS NULL;
CREATE INDEX operation_by_time ON operation (created_at, key);
CREATE INDEX operation_by_instance ON operation (instance, kind, key);
CREATE INDEX operation_by_replacement ON operation (replacement, key) WHERE replacement IS NOT NULL;

-- What happened, in order of commit. `call` is the call of an intent, in full.
CREATE TABLE journal (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  operation  INTEGER NOT NULL REFERENCES operation (key) ON DELETE CASCADE,
  at         INTEGER NOT NULL,
  step       INTEGER,
  name       TEXT    NOT NULL,
  state      TEXT,
  call       TEXT,
  request_id TEXT,
  detail     TEXT
) STRICT;

CREATE INDEX journal_by_operation ON journal (operation, seq);
CREATE INDEX journal_by_time ON journal (at);

CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- One approval a person and plan; a second one moves its expiry.
CREATE TABLE approval (
  plan       TEXT    NOT NULL,
  approver   TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  expires_at INTEGER NOT NULL CHECK (expires_at > at),
  PRIMARY KEY (plan, approver)
) STRICT, WITHOUT ROWID;
