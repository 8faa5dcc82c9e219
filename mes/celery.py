"""Workers: a courier that may lose everything; the database knows what is still to be done."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")

app = Celery("onelot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # Measured: with the defaults of kombu, tasks of a killed worker come back after a minute.
    broker_transport_options={
        "visibility_timeout": 30,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    },
    timezone="UTC",
    task_routes={"monitoring.tasks.poll_sensors": {"queue": "sensors"}},
    # The schedule is code: reviewed and versioned, not edited in a table.
    beat_schedule={
        "poll-sensors": {
            "task": "monitoring.tasks.poll_sensors",
            "schedule": 1.0,
            "options": {"expires": 2},
        },
        "sweep-outbox": {
            "task": "audit.tasks.sweep_outbox",
            "schedule": 2.0,
            "options": {"expires": 4},
        },
        "write-checkpoint": {
            "task": "audit.tasks.write_checkpoint",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "lock-dormant": {
            "task": "audit.tasks.lock_dormant",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "put-recipes-in-force": {
            "task": "recipes.tasks.make_due_effective",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "make-dirty-by-clock": {
            "task": "supply.tasks.expire_cleanings",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "keep-partitions-ahead": {
            "task": "monitoring.tasks.keep_partitions_ahead",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks(["audit", "supply", "recipes", "monitoring", "mes"])
