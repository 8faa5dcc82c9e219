"""The scanner, tried out: whether its keys arrive as they were printed, and the codes of a wall card."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.renderSVG import drawToString
from reportlab.graphics.shapes import Drawing

from audit.views import EVERYBODY, roles_required
from kernel.errors import NotFound

# Every sign that our codes use and that another keyboard layout prints elsewhere.
TEST = "OneLot-/(+)_:.;YZyz0123456789"
SIDE = 180
# What a wall card says: letters alone that stand in one place on every keyboard.
CODES = {
    "test": TEST,
    "next": "ONELOTNEXT",
    "cancel": "ONELOTCANCEL",
    "home": "ONELOTHOME",
}
CARD = (
    ("next", "Next", "Presses the one button of the screen."),
    ("cancel", "Cancel", "Closes what is open, and sends nothing."),
    ("home", "My work", "Goes to the list of work."),
)


@require_safe
@roles_required(*EVERYBODY)
def scanner(request: HttpRequest) -> HttpResponse:
    """Show a code to scan and the card to print."""
    return render(request, "scanner.html", {"expected": TEST, "card": CARD})


@require_safe
@roles_required(*EVERYBODY)
def scanner_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give out one of the codes as a picture."""
    if name not in CODES:
        raise NotFound("There is no such code.")
    drawn = Drawing(SIDE, SIDE)
    drawn.add(QrCodeWidget(CODES[name], barWidth=SIDE, barHeight=SIDE, barLevel="M"))
    return HttpResponse(drawToString(drawn), content_type="image/svg+xml")
