"""Three people behind a version in force, and one version of a therapy in force at a site.

The guards are in the database, too: no version is approved that nobody else has checked, and none
comes into force beside another of the same therapy and site, whatever recipe that one belongs to.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FROZEN = """
CREATE OR REPLACE FUNCTION onelot_frozen_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state <> 'draft' OR NEW.state <> 'draft')
        AND (NEW.document, NEW.document_digest, NEW.recipe_id, NEW.number, NEW.drafted_by_id)
            IS DISTINCT FROM
            (OLD.document, OLD.document_digest, OLD.recipe_id, OLD.number, OLD.drafted_by_id)
    THEN
        RAISE EXCEPTION 'the document of a submitted recipe version is not changed any more'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'approved' AND NEW.state = 'approved'
        AND (NEW.checked_by_id IS NULL OR NEW.checked_by_id = NEW.drafted_by_id)
    THEN
        RAISE EXCEPTION 'a recipe version is approved after somebody else has checked it'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state NOT IN ('draft', 'in_review')
        AND (NEW.checked_by_id, NEW.checked_at) IS DISTINCT FROM (OLD.checked_by_id, OLD.checked_at)
    THEN
        RAISE EXCEPTION 'who checked an approved recipe version is not changed any more'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION onelot_frozen_document() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

# The row of the therapy is locked, so that of two versions at once the second waits and is refused.
ONE_IN_FORCE = """
CREATE FUNCTION onelot_one_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_therapy bigint;
    at_site bigint;
BEGIN
    IF NEW.state <> 'effective' THEN
        RETURN NEW;
    END IF;
    SELECT therapy_id, site_id INTO of_therapy, at_site
        FROM recipes_recipe WHERE id = NEW.recipe_id;
    PERFORM 1 FROM recipes_therapy WHERE id = of_therapy FOR UPDATE;
    IF EXISTS (
        SELECT 1 FROM recipes_recipeversion other
        JOIN recipes_recipe recipe ON recipe.id = other.recipe_id
        WHERE other.state = 'effective' AND other.id <> NEW.id
            AND recipe.therapy_id = of_therapy AND recipe.site_id IS NOT DISTINCT FROM at_site
    ) THEN
        RAISE EXCEPTION 'another version of this therapy is in force at this site'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_in_force BEFORE UPDATE ON recipes_recipeversion
    FOR EACH ROW EXECUTE FUNCTION onelot_one_in_force();
CREATE TRIGGER one_in_force_when_new BEFORE INSERT ON recipes_recipeversion
    FOR EACH ROW EXECUTE FUNCTION onelot_one_in_force();
"""

UNDO = """
DROP TRIGGER one_in_force ON recipes_recipeversion;
DROP TRIGGER one_in_force_when_new ON recipes_recipeversion;
DROP FUNCTION onelot_one_in_force();
"""


def added(model, **fields):
    """Return what adds these fields to a model."""
    return [
        migrations.AddField(model_name=model, name=name, field=field)
        for name, field in fields.items()
    ]


def place(model):
    """Return a reference that may be empty."""
    return models.ForeignKey(
        model,
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
    )


def kept(model):
    """Return the same reference in a history, where nothing binds it."""
    return models.ForeignKey(
        model,
        blank=True,
        null=True,
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0008_settings_of_the_house"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("recipes", "0002_frozen"),
    ]
    operations = [
        *added("recipe", site=place("audit.site")),
        *added("historicalrecipe", site=kept("audit.site")),
        *added(
            "recipeversion",
            checked_by=place(settings.AUTH_USER_MODEL),
            checked_at=models.DateTimeField(blank=True, null=True),
            effective_from=models.DateTimeField(blank=True, null=True),
        ),
        *added(
            "historicalrecipeversion",
            checked_by=kept(settings.AUTH_USER_MODEL),
            checked_at=models.DateTimeField(blank=True, null=True),
            effective_from=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(FROZEN, BEFORE),
        migrations.RunSQL(ONE_IN_FORCE, UNDO),
    ]
