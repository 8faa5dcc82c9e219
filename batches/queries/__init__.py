"""Every read of the fourth floor that leaves it."""

from batches.queries.changeovers import changeovers_of
from batches.queries.clients import (
    batch_of_sites,
    batches_of_sites,
    plain_batch,
    plain_steps,
)
from batches.queries.orders import (
    collections_seen,
    numbers_of_chains,
    order_numbered,
    orders_seen,
    plain_collection,
    plain_order,
)
from batches.queries.planning import next_open_step, orders_to_plan
from batches.queries.receipt import batch_of_order, opened_by, orders_awaited
from batches.queries.records import (
    branches_of,
    holds_of,
    open_holds,
    record_of,
    signatures_by_subject,
    steps_with_values,
)
from batches.queries.replay import Replay, replay_of
from batches.queries.sections import SectionCount, section_counts, steps_beyond
from batches.queries.standings import standing_of_batches, standing_of_steps
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
    latest_of,
    number_of,
    order_values,
    progress_of,
    running_batches_in_room,
    step_coded,
    step_found,
    unfinished_steps,
    work_of,
)

__all__ = [
    "Replay",
    "SectionCount",
    "batch_numbered",
    "batch_of_order",
    "batch_of_sites",
    "batches_of_sites",
    "batches_seen",
    "branches_of",
    "changeovers_of",
    "collections_seen",
    "correction_statement",
    "current_values",
    "definition_of",
    "document_of_batch",
    "found_values",
    "holds_of",
    "issue_statement",
    "latest_of",
    "next_open_step",
    "number_of",
    "numbers_of_chains",
    "open_holds",
    "opened_by",
    "order_numbered",
    "order_values",
    "orders_awaited",
    "orders_seen",
    "orders_to_plan",
    "plain_batch",
    "plain_collection",
    "plain_order",
    "plain_steps",
    "plain_value",
    "progress_of",
    "record_of",
    "replay_of",
    "running_batches_in_room",
    "section_counts",
    "signatures_by_subject",
    "standing_of_batches",
    "standing_of_steps",
    "step_coded",
    "step_found",
    "step_signature",
    "step_statement",
    "steps_beyond",
    "steps_with_values",
    "unfinished_steps",
    "values_of",
    "work_of",
]
