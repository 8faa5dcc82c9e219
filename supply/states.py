"""State machines of the first floor (requirements 19.2 C, in first form, and J)."""

from kernel.states import Moves

LOT = Moves(
    "material lot",
    "quarantine",
    {
        ("quarantine", "approve"): "approved",
        ("quarantine", "reject"): "rejected",
        ("approved", "block"): "blocked",
        ("approved", "expire"): "expired",
        ("approved", "consume"): "consumed",
        # What was weighed out and not used comes back to a lot that was used up.
        ("consumed", "return"): "approved",
        ("blocked", "approve"): "approved",
        ("blocked", "reject"): "rejected",
    },
)

CONTAINER = Moves(
    "bag",
    "collected",
    {
        ("collected", "receive"): "received",
        ("collected", "quarantine"): "quarantined",
        ("received", "quarantine"): "quarantined",
        ("quarantined", "receive"): "received",
        ("received", "consume"): "consumed",
    },
)

EQUIPMENT = Moves(
    "piece of equipment",
    "ready",
    {
        ("ready", "use"): "in_use",
        ("in_use", "free"): "dirty",
        ("dirty", "begin_cleaning"): "cleaning",
        ("cleaning", "clean"): "ready",
        ("ready", "expire"): "dirty",
        ("ready", "retire"): "out_of_service",
        ("dirty", "retire"): "out_of_service",
        ("cleaning", "retire"): "out_of_service",
        ("out_of_service", "return_to_service"): "dirty",
    },
)

# Beside its cleanliness: a unit that is not qualified is not used, however clean it is.
QUALIFICATION = Moves(
    "qualification",
    "qualified",
    {
        ("qualified", "disqualify"): "not_qualified",
        ("not_qualified", "qualify"): "qualified",
    },
)

# What the laboratory says counts once quality has accepted its certificate.
CALIBRATION = Moves(
    "calibration",
    "recorded",
    {
        ("recorded", "accept"): "accepted",
        ("recorded", "decline"): "declined",
    },
)

RESERVATION = Moves(
    "reservation",
    "standing",
    {("standing", "cancel"): "canceled"},
)
