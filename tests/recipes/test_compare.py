"""Comparing versions on the page, and the comments that hang on their lines."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection

from audit.models import LedgerEntry
from kernel.errors import AlreadyDone, Invalid, NotPermitted
from recipes import commands
from recipes.models import RecipeComment, RecipeVersion
from tests.recipes.test_designer import fields_on
from tests.recipes.test_screens import signed_in
from tests.worlds.audit import act_by, person
from tests.worlds.recipes import drafted_version, effective_recipe, engineer, quality

pytestmark = pytest.mark.django_db
STEP = "/procedure/unit_procedures/0/operations/1/steps/2"
PAGE = "/recipes/SMALL-MBR/2/compare/"


def second_version() -> RecipeVersion:
    """The small recipe in force, and a draft in which one limit is another."""
    effective_recipe()
    client = signed_in(engineer())
    client.post("/recipes/SMALL-MBR/1/new-version/")
    sent = fields_on(client, STEP, number=2)
    client.post("/recipes/SMALL-MBR/2/edit/", {**sent, "/hard/max": "250.0"})
    return RecipeVersion.objects.get(number=2)


def commented(version: RecipeVersion, **changes: Any) -> RecipeComment:
    said = {"pointer": "/steps/S05/hard", "text": "Why?", "act": act_by(quality())}
    return commands.write_comment(version_id=version.pk, **{**said, **changes})


def test_the_page_shows_the_limit_in_both_versions() -> None:
    second_version()
    page = signed_in(quality()).get(PAGE).content.decode()
    assert "<del>200.0</del>" in page
    assert "<ins>250.0</ins>" in page
    assert 'id="steps-S05-hard"' in page
    assert "Let it rest" not in page
    first = signed_in(quality()).get("/recipes/SMALL-MBR/1/compare/").content.decode()
    assert "This is the first version." in first
    other_way = signed_in(quality()).get("/recipes/SMALL-MBR/1/compare/?with=2").content.decode()
    assert "<ins>200.0</ins>" in other_way


@pytest.mark.requirement("CGMP-02")
def test_a_comment_is_written_on_a_line_shown_to_the_approver_and_settled() -> None:
    version = second_version()
    reviewer, author = signed_in(quality()), signed_in(engineer())
    sent = {"pointer": "/steps/S05/hard", "text": "Why 250?", "with": "1"}
    answer = reviewer.post("/recipes/SMALL-MBR/2/comments/", sent)
    assert answer["Location"] == f"{PAGE}?with=1#steps-S05-hard"
    comment = RecipeComment.objects.get()
    assert LedgerEntry.objects.latest("pk").verb == "comment"
    assert "1 open comment on this version" in author.get("/recipes/SMALL-MBR/2/").content.decode()
    assert "Why 250?" in author.get(PAGE).content.decode()
    answer = author.post(f"/recipes/SMALL-MBR/2/comments/{comment.pk}/resolve/")
    assert answer.status_code == 303
    comment.refresh_from_db()
    assert comment.resolved_by == engineer()
    assert "open comment" not in author.get("/recipes/SMALL-MBR/2/").content.decode()
    assert comment.version == version


def test_a_comment_that_says_nothing_is_refused_and_what_was_typed_stays() -> None:
    second_version()
    sent = {"pointer": "/steps/S05/hard", "text": " "}
    answer = signed_in(quality()).post("/recipes/SMALL-MBR/2/comments/", sent)
    assert answer.status_code == 422
    assert RecipeComment.objects.count() == 0


def test_who_may_not_comment_and_what_is_settled_stays_settled() -> None:
    version = drafted_version()
    comment = commented(version)
    commands.resolve_comment(comment_id=comment.pk, act=act_by(engineer()))
    with pytest.raises(AlreadyDone):
        commands.resolve_comment(comment_id=comment.pk, act=act_by(engineer()))
    with pytest.raises(NotPermitted):
        commented(version, act=act_by(person("olivia", "operator")))
    with pytest.raises(Invalid):
        commented(version, pointer="x" * 301)


def test_the_database_refuses_a_comment_settled_by_nobody() -> None:
    comment = commented(drafted_version())
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recipes_recipecomment SET resolved_at = now() WHERE id = %s", [comment.pk]
        )
