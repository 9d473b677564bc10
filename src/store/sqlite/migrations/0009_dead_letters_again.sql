-- Messages and objects that somebody wants the next scan to try once more.
ALTER TABLE dead_letter ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
