-- All times are nanoseconds since the Unix epoch, clamped to what 64 bits hold; where a body holds the
-- same time as text, the body is exact and the column serves order and ranges.

-- A released lease keeps its row without a holder: the epoch must never fall.
CREATE TABLE lease (
  name       TEXT    PRIMARY KEY,
  holder     TEXT,
  epoch      INTEGER NOT NULL CHECK (epoch > 0),
  expires_at INTEGER NOT NULL
) STRICT;

-- `at` is text because the hash is computed over exactly these characters.
CREATE TABLE audit (
  seq      INTEGER PRIMARY KEY,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  action   TEXT NOT NULL,
  object   TEXT NOT NULL,
  details  TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash     TEXT NOT NULL UNIQUE
) STRICT;

-- The last entry, kept apart: cutting entries off the end leaves a chain that is sound but too short.
CREATE TABLE audit_head (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  seq  INTEGER NOT NULL,
  hash TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE golden (
  line        TEXT    NOT NULL,
  version     TEXT    NOT NULL,
  status      TEXT    NOT NULL CHECK (status IN ('recorded', 'promoted', 'deprecated', 'revoked')),
  recorded_at INTEGER NOT NULL,
  body        TEXT    NOT NULL,
  PRIMARY KEY (line, version)
) STRICT;

CREATE UNIQUE INDEX golden_one_promoted ON golden (line) WHERE status = 'promoted';
