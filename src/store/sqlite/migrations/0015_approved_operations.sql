-- The operations that an approval covers, as a JSON array of their hashes. Approvals of older versions name none: they cover
-- what is planned while the whole plan has their hash.
ALTER TABLE approval ADD COLUMN operations TEXT NOT NULL DEFAULT '[]';
