"""Comments on the lines of a recipe: written by whoever reads it, and settled."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.permissions import holds, require
from audit.queries import next_id
from kernel.errors import AlreadyDone, Invalid, NotFound
from recipes.models import RecipeComment, RecipeVersion

LONGEST, LONGEST_POINTER = 2000, 300


@command
def write_comment(*, version_id: int, pointer: str, text: str, act: Act) -> RecipeComment:
    """Comment on one part of a version, in whatever state it is.

    Args:
        pointer: the path of the part, with codes in place of indices; empty for the whole.

    Raises:
        NotPermitted: whoever writes is neither engineer nor quality assurance.
        Invalid: the comment says nothing, or too much.
    """
    require(holds(act.by, "engineer", "qa"), "comment on recipes")
    version = RecipeVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such recipe version.")
    said = text.strip()
    if not said or len(said) > LONGEST or "\x00" in said:
        raise Invalid(
            f"Say it in 1 to {LONGEST} characters.", pointer="/text", code="comment_needed"
        )
    if len(pointer) > LONGEST_POINTER or not pointer.isprintable():
        raise Invalid("There is no such part.", pointer="/pointer", code="no_such_place")
    comment = RecipeComment(
        id=next_id(RecipeComment),
        recipe_id=version.recipe_id,
        version=version,
        pointer=pointer,
        text=said,
        written_by=act.by,
        written_at=act.at,
    )
    comment.save(force_insert=True)
    record(act, "comment", comment)
    return comment


@command
def resolve_comment(*, comment_id: int, act: Act) -> RecipeComment:
    """Settle a comment.

    Raises:
        NotPermitted: whoever asks is neither engineer nor quality assurance.
        NotFound: there is no such comment.
        AlreadyDone: it is settled.
    """
    require(holds(act.by, "engineer", "qa"), "settle comments on recipes")
    comment = RecipeComment.objects.select_for_update().filter(pk=comment_id).first()
    if comment is None:
        raise NotFound("There is no such comment.")
    if comment.resolved_at is not None:
        raise AlreadyDone("This comment is settled already.")
    comment.resolved_by, comment.resolved_at = act.by, act.at
    comment.save(update_fields=["resolved_by", "resolved_at"])
    record(act, "resolve", comment)
    return comment
