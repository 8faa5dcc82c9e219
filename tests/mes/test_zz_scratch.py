import json, time
import pytest
from mes.record import record_document
from mes.verifying import verify_batch
from audit.ledger import write_checkpoint
from tests.worlds.audit import act_by
from tests.worlds.quality import reviewed_batch, disposition, qualified, SOFT, CLOUDY
from tests.worlds.batches import again


@pytest.mark.django_db(transaction=True)
def test_dump():
    batch = reviewed_batch(**SOFT, **CLOUDY)
    disposition(batch, "released", qualified())
    batch = again(batch)
    t = time.perf_counter()
    d = record_document(batch)
    print("doc", time.perf_counter() - t)
    write_checkpoint(act=act_by())
    d = record_document(batch)
    json.dump(d, open("/tmp/w/rec/doc.json", "w"), indent=1, ensure_ascii=False)
    t = time.perf_counter()
    r = verify_batch(batch)
    print("verify", time.perf_counter() - t)
    print(r)
    assert r["intact"]
