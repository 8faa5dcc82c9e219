"""The transaction of an entry: what the commit of every record asks for (``audit.guards``)."""

from django.db import migrations, models

CHAIN = """
CREATE OR REPLACE FUNCTION onelot_chain_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    body jsonb := NEW.entry::jsonb;
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.stream, 0));
    SELECT seq, hash, recorded_at INTO last FROM audit_ledgerentry
        WHERE stream = NEW.stream ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(last.seq, 0) + 1;
    NEW.prev_hash := coalesce(last.hash, repeat('0', 64));
    NEW.recorded_at := clock_timestamp();
    IF NEW.recorded_at < last.recorded_at THEN
        RAISE EXCEPTION 'the clock went back: the ledger takes no entry'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    NEW.txid := pg_current_xact_id()::text::bigint;
    NEW.act := (body ->> 'act')::uuid;
    NEW.actor_id := (body #>> '{by,id}')::bigint;
    NEW.verb := body ->> 'verb';
    NEW.subject_type := body #>> '{subject,type}';
    NEW.subject_id := body #>> '{subject,id}';
    NEW.hash := encode(sha256(convert_to(
        NEW.prev_hash || '{"entry":' || NEW.entry
        || ',"recorded_at":"'
        || to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","seq":' || NEW.seq || ',"stream":"' || NEW.stream || '"}', 'UTF8')), 'hex');
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_ledger")]
    operations = [
        migrations.AddField(
            "ledgerentry", "txid", models.BigIntegerField(null=True, editable=False)
        ),
        migrations.AddIndex(
            "ledgerentry", models.Index(fields=["txid"], name="ledger_by_transaction")
        ),
        migrations.RunSQL(CHAIN, migrations.RunSQL.noop),
    ]
