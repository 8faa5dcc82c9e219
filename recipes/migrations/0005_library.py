"""Entries of the library: recipes of no therapy, which are approved and never come into force.

The database keeps a recipe what it is: an entry of the library never becomes the recipe of a
therapy, nor the other way round, and no version of an entry is in force.
"""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
CREATE FUNCTION onelot_kept_therapy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.therapy_id IS DISTINCT FROM OLD.therapy_id THEN
        RAISE EXCEPTION 'a recipe keeps its therapy, an entry of the library has none'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept_therapy BEFORE UPDATE ON recipes_recipe
    FOR EACH ROW EXECUTE FUNCTION onelot_kept_therapy();
CREATE FUNCTION onelot_library_never_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('effective', 'superseded') AND EXISTS (
        SELECT 1 FROM recipes_recipe WHERE id = NEW.recipe_id AND therapy_id IS NULL
    ) THEN
        RAISE EXCEPTION 'an entry of the library never comes into force'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER library_never_in_force BEFORE UPDATE ON recipes_recipeversion
    FOR EACH ROW EXECUTE FUNCTION onelot_library_never_in_force();
CREATE TRIGGER library_never_new_in_force BEFORE INSERT ON recipes_recipeversion
    FOR EACH ROW EXECUTE FUNCTION onelot_library_never_in_force();
"""

UNDO = """
DROP TRIGGER library_never_new_in_force ON recipes_recipeversion;
DROP TRIGGER library_never_in_force ON recipes_recipeversion;
DROP FUNCTION onelot_library_never_in_force();
DROP TRIGGER kept_therapy ON recipes_recipe;
DROP FUNCTION onelot_kept_therapy();
"""


class Migration(migrations.Migration):
    dependencies = [("recipes", "0004_comments")]
    operations = [
        migrations.AlterField(
            model_name="recipe",
            name="therapy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recipes",
                to="recipes.therapy",
            ),
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
