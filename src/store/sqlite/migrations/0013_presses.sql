-- Buttons that people pressed, with what came of it: the same press told of again does nothing.
CREATE TABLE press (
  key     TEXT    PRIMARY KEY,
  at      INTEGER NOT NULL,
  outcome TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX press_by_time ON press (at);
