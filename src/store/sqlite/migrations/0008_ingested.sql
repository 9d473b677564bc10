-- Events that somebody had read from files: kept, and still new to the scan that meets them in the trail.
ALTER TABLE event ADD COLUMN scanned INTEGER NOT NULL DEFAULT 1;
