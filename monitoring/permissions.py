"""Who may do what with sensors: people on the floor answer alarms, engineers set limits."""

WATCHERS = ("operator", "verifier", "qa", "qp")
ENGINEERS = ("engineer",)
READERS = ("operator", "verifier", "qa", "qp", "engineer", "planner")
