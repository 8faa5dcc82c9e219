"""Live push: one event stream per page, fed from the database, for as long as somebody listens.

``GET /live/?topics=batch:B-26-0007,sensor:ROOM101-TEMP`` answers server-sent events:

- ``reading``  {"sensor", "at", "value" (text, or null when bad), "quality"}
- ``changed``  {"subject" (the topic as it was asked for), "kind" (of the feed event)}
- ``alarm``    the payload of the alarm
- ``ping``     the server's time in milliseconds, every 2 s

Topics: ``batch:NUMBER`` and the like (any feed event with that subject), ``sensor:CODE`` (its
readings and alarms), ``sensors`` (all of them), ``alarms``, ``feed`` (every feed event).
A stream that comes back goes on after its Last-Event-ID: it misses nothing and may hear something
twice. It shows what the person's sites allow, and ends when the session does. PostgreSQL is the
only source: the broker may be away.

Note [One thread]: per process one thread with one database connection asks for news twice a
second, and answers who a new listener is; listeners cost no connection.

Note [Live order]: a feed event is shown as soon as it is committed, although transactions that
began before it may still be running; the feed for clients waits for those, a screen does not.
Each look at the feed therefore starts at the oldest transaction that was running at the look
before (the snapshot's xmin), and leaves out what it has seen. That xmin is the id of the events.
"""

from mes.live.stream import stream

__all__ = ["stream"]
