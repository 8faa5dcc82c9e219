-- The database and its two roles. onelot_owner owns database and schema and migrates; onelot_app
-- runs the application and owns nothing: every right it has was granted by a migration.
--
-- One file for both ways of running: `make run` gives it to psql at every start, the container
-- image of PostgreSQL runs it when it makes its cluster. It may be run again at any time.
-- The passwords come from the environment, so that no list of processes shows them.

\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD

SELECT 'CREATE ROLE onelot_owner'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'onelot_owner') \gexec
SELECT 'CREATE ROLE onelot_app'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'onelot_app') \gexec

ALTER ROLE onelot_owner LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD :'owner_password';
ALTER ROLE onelot_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS
  PASSWORD :'app_password';

SELECT 'CREATE DATABASE onelot OWNER onelot_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'onelot') \gexec

REVOKE ALL ON DATABASE onelot FROM PUBLIC;
GRANT CONNECT ON DATABASE onelot TO onelot_app;
