-- Log objects that need not be read again, or could not be read yet.
CREATE TABLE trail_object (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  source TEXT NOT NULL,
  object TEXT NOT NULL,
  etag TEXT NOT NULL,
  size INTEGER NOT NULL,
  delivered_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  problem TEXT,
  PRIMARY KEY (account, region, source, object)
) STRICT, WITHOUT ROWID;

-- Messages and objects that were given up.
CREATE TABLE dead_letter (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (source, name)
) STRICT;
