-- `person_at`: when a person last set the status. A scan that began before must not undo it.
CREATE TABLE finding (
  id          TEXT    PRIMARY KEY,
  instance    TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,
  status      TEXT    NOT NULL CHECK (status IN ('open', 'acknowledged', 'waived', 'resolved')),
  last_seen   INTEGER NOT NULL,
  person_at   INTEGER,
  body        TEXT    NOT NULL
) STRICT;

CREATE INDEX finding_unresolved ON finding (id) WHERE status <> 'resolved';

-- The columns hold the exception as it was granted; revoking changes the body and `revoked_at`.
CREATE TABLE exception (
  id         TEXT    PRIMARY KEY,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
  revoked_at INTEGER,
  body       TEXT    NOT NULL
) STRICT;

-- The empty name is everything: a fleet's name is never empty.
CREATE TABLE pause (
  fleet  TEXT    PRIMARY KEY,
  reason TEXT    NOT NULL,
  by     TEXT    NOT NULL,
  at     INTEGER NOT NULL
) STRICT;
