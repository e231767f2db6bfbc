-- The role and the database of the ticket servers. Once, on the leader, as postgres:
--     psql --host 10.0.0.11 --username postgres --set password="$PASSWORD" --file database.sql
\set ON_ERROR_STOP on
CREATE ROLE box_office LOGIN PASSWORD :'password';
CREATE DATABASE tickets OWNER box_office;
