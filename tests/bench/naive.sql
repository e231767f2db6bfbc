-- What the naive purchase is about: one hot row, and the sales, each under its key.
CREATE SCHEMA naive;
CREATE TABLE naive.tier (
    event bigint, tier bigint, capacity bigint NOT NULL, sold bigint NOT NULL CHECK (sold <= capacity),
    PRIMARY KEY (event, tier)) WITH (fillfactor = 50);
CREATE TABLE naive.sale (
    event bigint, key uuid, tier bigint NOT NULL, number bigint NOT NULL, buyer text NOT NULL,
    amount bigint NOT NULL, created_at timestamptz NOT NULL, PRIMARY KEY (event, key));
INSERT INTO naive.tier VALUES (1, 1, 1000000000, 0);
