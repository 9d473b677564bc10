-- Counters for Prometheus, which processes that come and go add to. `labels` is a JSON object with sorted names.
CREATE TABLE counter (
  name       TEXT    NOT NULL,
  labels     TEXT    NOT NULL,
  value      INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (name, labels)
) STRICT, WITHOUT ROWID;

-- How far the head of the audit log was put where nobody changes it, and why it could not be put since.
CREATE TABLE anchor (
  only  INTEGER PRIMARY KEY CHECK (only = 1),
  seq   INTEGER NOT NULL,
  hash  TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  fault TEXT
) STRICT;
