"""A patient can be erased: the key goes, the place stays, and the identifiers find nobody."""

from django.db import migrations, models

# Identifiers were only ever added; forgetting one is a recorded change from now on.
OPEN = """
DROP TRIGGER IF EXISTS append_only ON supply_patientidentifier;
DROP TRIGGER IF EXISTS never_emptied ON supply_patientidentifier;
"""
STAYS = """
CREATE FUNCTION onelot_erased_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) ->> 'erased_at' IS NOT NULL
       OR to_jsonb(OLD) ->> 'forgotten_at' IS NOT NULL
    THEN
        RAISE EXCEPTION 'what was erased stays erased (%)', TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER erased_stays BEFORE UPDATE ON supply_vaultentry
    FOR EACH ROW EXECUTE FUNCTION onelot_erased_stays();
CREATE TRIGGER erased_stays BEFORE UPDATE ON supply_patientidentifier
    FOR EACH ROW EXECUTE FUNCTION onelot_erased_stays();
"""
UNDO = """
DROP TRIGGER erased_stays ON supply_patientidentifier;
DROP TRIGGER erased_stays ON supply_vaultentry;
DROP FUNCTION onelot_erased_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("supply", "0001_initial")]
    operations = [
        migrations.AddField("vaultentry", "erased_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddField(
            "patientidentifier", "forgotten_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.AlterField(
            "patientidentifier", "blind_index", models.CharField(max_length=64)
        ),
        migrations.AddConstraint(
            "patientidentifier",
            models.UniqueConstraint(
                fields=("blind_index",),
                condition=models.Q(forgotten_at=None),
                name="identifier_is_one_patients",
            ),
        ),
        migrations.AddConstraint(
            "vaultentry",
            models.CheckConstraint(
                condition=models.Q(erased_at=None) ^ models.Q(wrapped_key=b""),
                name="an_erased_patient_has_no_key",
            ),
        ),
        migrations.RunSQL(OPEN, migrations.RunSQL.noop),
        migrations.RunSQL(STAYS, UNDO),
    ]
