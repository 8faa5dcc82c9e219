"""What a batch froze at issue cannot change, and a step keeps the instruction it was made with."""

from django.db import migrations

FROZEN = """
CREATE FUNCTION onelot_frozen_recipe() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.control_recipe_digest <> ''
        AND (NEW.control_recipe, NEW.control_recipe_digest, NEW.order_id, NEW.recipe_version_id,
             NEW.site_id, NEW.number)
            IS DISTINCT FROM
            (OLD.control_recipe, OLD.control_recipe_digest, OLD.order_id, OLD.recipe_version_id,
             OLD.site_id, OLD.number)
    THEN
        RAISE EXCEPTION 'the control recipe of an issued batch is not changed any more'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen_recipe BEFORE UPDATE ON batches_batch
    FOR EACH ROW EXECUTE FUNCTION onelot_frozen_recipe();
CREATE FUNCTION onelot_frozen_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.definition, NEW.batch_id, NEW.ordinal, NEW.code, NEW.kind, NEW.title)
        IS DISTINCT FROM
        (OLD.definition, OLD.batch_id, OLD.ordinal, OLD.code, OLD.kind, OLD.title)
    THEN
        RAISE EXCEPTION 'the instruction of a step is not changed any more'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen_step BEFORE UPDATE ON batches_step
    FOR EACH ROW EXECUTE FUNCTION onelot_frozen_step();
"""

UNDO = """
DROP TRIGGER frozen_step ON batches_step;
DROP FUNCTION onelot_frozen_step();
DROP TRIGGER frozen_recipe ON batches_batch;
DROP FUNCTION onelot_frozen_recipe();
"""


class Migration(migrations.Migration):
    dependencies = [("batches", "0001_initial")]
    operations = [migrations.RunSQL(FROZEN, UNDO)]
