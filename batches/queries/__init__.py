"""Every read of the fourth floor that leaves it."""

from batches.queries.orders import (
    collections_seen,
    numbers_of_chains,
    order_numbered,
    orders_seen,
    plain_collection,
    plain_order,
)
from batches.queries.planning import next_open_step, orders_to_plan
from batches.queries.records import (
    holds_of,
    open_holds,
    record_of,
    signatures_by_subject,
    steps_with_values,
)
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
    number_of,
    order_values,
    progress_of,
    running_batches_in_room,
    step_coded,
    work_of,
)

__all__ = [
    "batch_numbered",
    "batches_seen",
    "collections_seen",
    "correction_statement",
    "current_values",
    "definition_of",
    "document_of_batch",
    "found_values",
    "holds_of",
    "issue_statement",
    "next_open_step",
    "number_of",
    "numbers_of_chains",
    "open_holds",
    "order_numbered",
    "order_values",
    "orders_seen",
    "orders_to_plan",
    "plain_collection",
    "plain_order",
    "plain_value",
    "progress_of",
    "record_of",
    "running_batches_in_room",
    "signatures_by_subject",
    "step_coded",
    "step_signature",
    "step_statement",
    "steps_with_values",
    "values_of",
    "work_of",
]
