-- What the role that runs Bursar may do on PostgreSQL. The schema's owner runs this, by
-- `bursar ledger grant --to ROLE` or `psql -v role=ROLE -f grants.sql`. History can be added to and
-- read, and neither changed nor deleted; what moves (holds, balances, sums, leases) may be.
BEGIN;

-- A role may have been given more before.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"role";
GRANT USAGE ON SCHEMA public TO :"role";

-- What this database is, and what of it is kept elsewhere: only a migration writes the one, and only
-- the owner archives.
GRANT SELECT ON ledger_meta, archive, journal_base TO :"role";

-- History.
GRANT SELECT, INSERT ON
    call, attempt, call_tag, journal, correction, refusal, change, block, sealed, threshold,
    report_tag, master_key
TO :"role";

-- What moves, and stays.
GRANT SELECT, INSERT, UPDATE ON
    budget, budget_window, frozen, usage_hour, usage_grain, ledger_revision, ledger_clock, team,
    team_fact, project, member, virtual_key, key_secret, policy, stream_limit, head_delivery,
    admin_key, account, api_token, last_audit
TO :"role";

-- What is there while something is open or may be asked again, and goes with it.
GRANT SELECT, INSERT, UPDATE, DELETE ON
    hold, owner, unsealed, cut_wish, call_once, session, password_link
TO :"role";

-- Views.
GRANT SELECT ON billed_call, hold_line, journal_line TO :"role";

COMMIT;
