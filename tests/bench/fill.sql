-- Fills the empty store in the schema :schema with :sales sales of the event demo, as if sold long ago: one ticket
-- each, under time-ordered keys. As build/fill does, but faster: the indexes are made once all rows are there.
SET search_path TO :"schema";
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
BEGIN;
ALTER TABLE decisions DROP CONSTRAINT decisions_pkey, DROP CONSTRAINT decisions_event_key_key;
ALTER TABLE tickets DROP CONSTRAINT tickets_pkey;

INSERT INTO servers (server, boot) VALUES ('long-ago', 1);
-- An id has 48 bits of milliseconds, here of 20 sales each, its version, and what makes it another one.
INSERT INTO decisions (event, decision, key, fingerprint, created_at, id, tier, quantity, first_number, amount,
                       currency, buyer, server, router)
    SELECT t.event, s.n, s.id, '\x00112233445566778899aabbccddeeff', s.at, s.id, t.tier, 1, s.n, t.price,
           t.currency, '', 'long-ago', ''
    FROM tiers t JOIN events e ON e.event = t.event AND e.name = 'demo',
         LATERAL (SELECT n, (1700000000000 + n / 20) * 1000 AS at,
                         decode(lpad(to_hex(1700000000000 + n / 20), 12, '0') || '7' ||
                                lpad(to_hex(n % 20), 3, '0') || 'b' || substr(md5(n::text), 1, 15), 'hex') AS id
                  FROM generate_series(1, :sales) n) s;
INSERT INTO tickets (event, tier, number, decision) SELECT event, tier, first_number, decision FROM decisions;
INSERT INTO totals (event, tier, server, sold) SELECT event, tier, 'long-ago', :sales FROM tiers;
UPDATE tiers SET sold = :sales, next_number = :sales + 1;
SELECT setval('decision_numbers', 1 + 4096 * (1 + :sales / 4096), false) \gset

ALTER TABLE decisions ADD PRIMARY KEY (event, decision), ADD UNIQUE (event, key);
ALTER TABLE tickets ADD PRIMARY KEY (event, tier, number);
COMMIT;
VACUUM ANALYZE;
CHECKPOINT;
