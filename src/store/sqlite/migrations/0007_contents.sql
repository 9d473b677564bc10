-- The newest inventory report of each node and type, by content hash.
CREATE TABLE content_report (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  instance TEXT NOT NULL,
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  agent TEXT NOT NULL,
  schema_version TEXT NOT NULL,
  captured_at INTEGER NOT NULL,
  reported_at INTEGER NOT NULL,
  PRIMARY KEY (account, region, instance, kind)
) STRICT, WITHOUT ROWID;

-- Content hashes of clean instances.
CREATE TABLE clean_content (
  golden TEXT NOT NULL,
  instance_type TEXT NOT NULL,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (golden, instance_type, agent, kind, hash)
) STRICT, WITHOUT ROWID;
