-- Decision records. `open` is 1 for the one that an instance has at present; a record without events closes the one
-- before and is never open. `digest` is of what was decided, without what changes from scan to scan.
CREATE TABLE decision (
  key          INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  instance     TEXT    NOT NULL,
  first_scan   TEXT    NOT NULL,
  first_at     INTEGER NOT NULL,
  last_scan    TEXT    NOT NULL,
  last_at      INTEGER NOT NULL,
  open         INTEGER NOT NULL CHECK (open IN (0, 1)),
  digest       BLOB    NOT NULL,
  input_digest TEXT    NOT NULL,
  body         TEXT    NOT NULL
) STRICT;

CREATE INDEX decision_open ON decision (instance) WHERE open = 1;
CREATE INDEX decision_by_end ON decision (last_at);
