-- The policy bundle that was taken last; one row.
CREATE TABLE policy_bundle (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  at   INTEGER NOT NULL,
  body TEXT    NOT NULL
) STRICT;
