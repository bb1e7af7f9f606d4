"""What is true at the end of every story, whatever happened in it."""

from collections import Counter

from tests.journeys.house import House, Shops
from tests.journeys.independent import assert_chain
from tests.verifactu.official import assert_official
from verifactu.models import Installation


def assert_sound(house: House) -> None:
    """Look at everything: our ledger, every record's text, and what the AEAT has of it."""
    assert house.verify() == []
    for shops in house.opened:
        for record in shops.records:
            assert_official(record.xml)
        for chain in Installation.objects.filter(taxpayer=shops.company.taxpayer):
            assert_chain(chain.records.order_by("seq").values_list("xml", flat=True))
        assert_the_aeat_agrees(house, shops)


def assert_the_aeat_agrees(house: House, shops: Shops) -> None:
    """I5, I6: it holds no record that we do not, each once, with our verdict; and none came before its time."""
    received = house.received(shops)
    ours = {record.huella: record for record in shops.records}
    times = Counter(record["huella"] for record in received)
    assert set(times) <= set(ours), "the AEAT has a record that is not ours"
    assert all(count == 1 for count in times.values()), f"sent twice: {[h for h, n in times.items() if n > 1]}"
    verdicts = {"Correcto": "accepted", "AceptadoConErrores": "accepted_with_errors", "Incorrecto": "rejected"}
    # Refused because the AEAT holds another record there: set aside, for a person to look at.
    aside = {r.huella for r in shops.records if (r.state, r.codigo_error) == ("quarantined", "3000")}
    for record in received:
        wanted = "quarantined" if record["huella"] in aside else verdicts[record["state"]]
        assert ours[record["huella"]].state == wanted, record
    told = {record.huella for record in shops.records if record.state in verdicts.values()} | aside
    assert told == set(times), "a verdict on a record that the AEAT never saw"
    assert not any(request["too_early"] for request in house.requests_received(shops))
