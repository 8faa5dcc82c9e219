"""State machines of the ground floor."""

from kernel.states import Moves

ROLE_REQUEST = Moves(
    "role request",
    "asked",
    {
        ("asked", "approve"): "approved",
        ("asked", "decline"): "declined",
        ("asked", "withdraw"): "withdrawn",
    },
)
