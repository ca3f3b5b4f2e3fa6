-- Takes the table of holds, as a migration does.
BEGIN;
LOCK TABLE hold IN ACCESS EXCLUSIVE MODE
