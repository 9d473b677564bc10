CREATE TABLE scan (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT    NOT NULL UNIQUE,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  exit_code   INTEGER NOT NULL,
  clean       INTEGER NOT NULL,
  drifted     INTEGER NOT NULL,
  unjudged    INTEGER NOT NULL,
  coverage    TEXT    NOT NULL
) STRICT;

-- The small half of an instance's last result: rewritten by every scan, about 200 bytes.
-- `volatile` holds what changes although nothing happened; `digest` is of the body below.
CREATE TABLE instance (
  key        INTEGER PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  account    TEXT    NOT NULL,
  region     TEXT    NOT NULL,
  scan       INTEGER NOT NULL,
  last_clean INTEGER,
  digest     BLOB    NOT NULL,
  volatile   TEXT    NOT NULL
) STRICT;

CREATE INDEX instance_by_scan ON instance (scan);

-- The large half: rewritten only when its digest changed.
CREATE TABLE instance_body (
  instance INTEGER PRIMARY KEY REFERENCES instance (key) ON DELETE CASCADE,
  body     TEXT    NOT NULL
) STRICT;

-- 0 clean, 1 drifted, 2 unjudged. Keyed by scan first: a scan appends its rows to a few pages at the end
-- instead of touching one page for every instance. An instance row outlives its verdicts.
CREATE TABLE verdict (
  scan     INTEGER NOT NULL REFERENCES scan (seq) ON DELETE CASCADE,
  instance INTEGER NOT NULL,
  verdict  INTEGER NOT NULL CHECK (verdict IN (0, 1, 2)),
  PRIMARY KEY (scan, instance)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan (
  hash TEXT    PRIMARY KEY,
  scan INTEGER NOT NULL,
  body TEXT    NOT NULL
) STRICT;

CREATE INDEX plan_by_scan ON plan (scan);

-- Policy inputs. `scan` is the last scan that evaluated this one.
CREATE TABLE input (
  key      INTEGER PRIMARY KEY,
  instance TEXT    NOT NULL,
  scan     INTEGER NOT NULL,
  digest   TEXT    NOT NULL,
  body     TEXT    NOT NULL
) STRICT;

CREATE INDEX input_by_instance ON input (instance, key);
CREATE INDEX input_by_scan ON input (scan);

CREATE TABLE event (
  key  INTEGER PRIMARY KEY,
  id   TEXT    NOT NULL UNIQUE,
  time INTEGER NOT NULL,
  body TEXT    NOT NULL
) STRICT;

CREATE INDEX event_by_time ON event (time);

CREATE TABLE event_instance (
  instance TEXT    NOT NULL,
  event    INTEGER NOT NULL REFERENCES event (key) ON DELETE CASCADE,
  PRIMARY KEY (instance, event)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_instance_by_event ON event_instance (event);

CREATE TABLE checkpoint (
  account TEXT    NOT NULL,
  region  TEXT    NOT NULL,
  source  TEXT    NOT NULL,
  through INTEGER NOT NULL,
  PRIMARY KEY (account, region, source)
) STRICT, WITHOUT ROWID;

-- An interface can move from one instance to another: both relations are remembered.
CREATE TABLE link (
  account  TEXT    NOT NULL,
  region   TEXT    NOT NULL,
  key      TEXT    NOT NULL,
  instance TEXT    NOT NULL,
  seen_at  INTEGER NOT NULL,
  PRIMARY KEY (account, region, key, instance)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_data (
  account    TEXT    NOT NULL,
  region     TEXT    NOT NULL,
  instance   TEXT    NOT NULL,
  digest     TEXT,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (account, region, instance)
) STRICT, WITHOUT ROWID;
