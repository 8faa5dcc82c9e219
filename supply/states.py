"""State machines of the first floor (requirements 19.2 C and J, in first form)."""

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
        ("ready", "retire"): "out_of_service",
        ("dirty", "retire"): "out_of_service",
        ("cleaning", "retire"): "out_of_service",
        ("out_of_service", "return_to_service"): "dirty",
    },
)
