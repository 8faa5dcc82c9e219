"""Every read of the fourth floor that leaves it."""

from batches.queries.statements import (
    correction_statement,
    current_values,
    issue_statement,
    plain_value,
    step_signature,
    step_statement,
    values_of,
)
from batches.queries.work import (
    batch_numbered,
    batches_seen,
    definition_of,
    document_of_batch,
    found_values,
    order_values,
    progress_of,
    running_batches_in_room,
    step_coded,
    work_of,
)

__all__ = [
    "batch_numbered",
    "batches_seen",
    "correction_statement",
    "current_values",
    "definition_of",
    "document_of_batch",
    "found_values",
    "issue_statement",
    "order_values",
    "plain_value",
    "progress_of",
    "running_batches_in_room",
    "step_coded",
    "step_signature",
    "step_statement",
    "values_of",
    "work_of",
]
