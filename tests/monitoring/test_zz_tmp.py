import json, pytest


@pytest.mark.django_db(transaction=True)
def test_bench():
    from tests.bench.ingest import run

    for line in run():
        print(json.dumps(line))
    return
    from tests.bench import ingest as b
    from datetime import datetime, UTC, timedelta
    from monitoring.models import Sensor

    s = list(Sensor.objects.all())
    start = datetime.now(UTC).replace(hour=12)
    d = b._delivery(s, start, 10000)
    p = cProfile.Profile()
    p.enable()
    b._ours(d, start + timedelta(hours=1))
    p.disable()
    pstats.Stats(p).sort_stats("tottime").print_stats(14)
