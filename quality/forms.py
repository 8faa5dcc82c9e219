"""What people fill in on the quality screens; the commands judge it, the forms only carry it."""

from __future__ import annotations

from typing import Any

from django import forms

from kernel.errors import Refusal
from quality.models import Deviation
from quality.rules.words import LONGEST_COMMENT, LONGEST_TEXT

CLASSES = {
    Deviation.Class.MINOR: "Minor: no effect on the quality of the medicine",
    Deviation.Class.MAJOR: "Major: the quality may be affected",
    Deviation.Class.CRITICAL: "Critical: the patient may be at risk",
}


def _words(label: str, help_text: str = "", *, rows: int = 3, longest: int = LONGEST_TEXT) -> Any:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=longest,
        strip=False,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class QualityForm(forms.Form):
    """A form that can show what a command refused."""

    def blame(self, refusal: Refusal) -> None:
        """Put the faults of a refusal beside their fields."""
        for error in refusal.errors:
            name = error.pointer.removeprefix("/")
            self.add_error(name if name in self.fields else None, error.detail)
        if not refusal.errors:
            self.add_error(None, refusal.detail)


class ClassifyForm(QualityForm):
    """How grave a deviation is."""

    classification = forms.ChoiceField(
        label="Class", choices=list(CLASSES.items()), widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_COMMENT,
        help_text="Needed when the class is not the one that the software proposed.",
    )


class InvestigateForm(QualityForm):
    """The cause."""

    cause = _words("Cause", "What made it happen, and how that is known.")


class AssessForm(QualityForm):
    """What it means for others, and what is decided."""

    impact_on_other_batches = _words(
        "Impact on other batches",
        "Name each batch that was considered, and say why it is affected or not.",
    )
    decision = _words("Decision", "What happens with this batch, and what is done about the cause.")


class ReasonForm(QualityForm):
    """A reason."""

    reason = _words("Reason", rows=2, longest=LONGEST_COMMENT)


class CommentForm(QualityForm):
    """Why an exception does no harm."""

    comment = _words("Comment", "Why this does no harm.", longest=LONGEST_COMMENT)


class EscalateForm(QualityForm):
    """What happened, for a new deviation."""

    description = _words("What happened", "The deviation is opened with these words.")
