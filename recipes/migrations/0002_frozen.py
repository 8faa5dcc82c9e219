"""The document of a version that left its drafter's desk cannot change, whoever asks."""

from django.db import migrations

FROZEN = """
CREATE FUNCTION onelot_frozen_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state <> 'draft' OR NEW.state <> 'draft')
        AND (NEW.document, NEW.document_digest, NEW.recipe_id, NEW.number, NEW.drafted_by_id)
            IS DISTINCT FROM
            (OLD.document, OLD.document_digest, OLD.recipe_id, OLD.number, OLD.drafted_by_id)
    THEN
        RAISE EXCEPTION 'the document of a submitted recipe version is not changed any more'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen_document BEFORE UPDATE ON recipes_recipeversion
    FOR EACH ROW EXECUTE FUNCTION onelot_frozen_document();
"""

UNDO = """
DROP TRIGGER frozen_document ON recipes_recipeversion;
DROP FUNCTION onelot_frozen_document();
"""


class Migration(migrations.Migration):
    dependencies = [("recipes", "0001_initial")]
    operations = [migrations.RunSQL(FROZEN, UNDO)]
