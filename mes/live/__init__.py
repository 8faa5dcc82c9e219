"""Live push: one event stream per page, fed from the database, for as long as somebody listens.

``GET /live/?topics=batch:B-26-0007,sensor:ROOM101-TEMP`` answers server-sent events:

- ``reading``  {"sensor", "at", "value" (text, or null when bad), "quality"}
- ``changed``  {"subject" (the topic as it was asked for), "kind" (of the feed event)}
- ``alarm``    the payload of the alarm
- ``ping``     the server's time in milliseconds, every 2 s

Topics: ``batch:NUMBER`` and the like (any feed event with that subject), ``sensor:CODE`` (its
readings and alarms), ``sensors`` (all of them), ``alarms``, ``feed`` (every feed event).
A stream goes on after Last-Event-ID. It shows what the person's sites allow, and ends when the
session does. PostgreSQL is the only source: the broker may be away.

Note [One thread]: per process one thread with one database connection asks for news twice a
second, and answers who a new listener is; listeners cost no connection.
"""

from mes.live.stream import stream

__all__ = ["stream"]
