"""The table of admissible operations, row by row and cell by cell (verifactu.md 8.1), over TLS."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.simulator.official import assert_valid
from tests.simulator.sender import Answer, Chain, Client, flag
from verifactu.simulator import Simulator

OK, DUPLICATE, ANNULLED, MISSING = "Correcto", "3000", "3001", "3002"


def alta(subsanacion: str = "", rechazo: str = "") -> Callable[[Chain], str]:
    flags = flag("Subsanacion", subsanacion) + flag("RechazoPrevio", rechazo)
    return lambda chain: chain.alta("A-1", flags=flags)


def anulacion(sin_registro: str = "", rechazo: str = "") -> Callable[[Chain], str]:
    flags = flag("SinRegistroPrevio", sin_registro) + flag("RechazoPrevio", rechazo)
    return lambda chain: chain.anulacion("A-1", flags=flags)


# What is sent; what becomes of it when the AEAT has nothing, an alta, an anulación.
TABLE = [
    pytest.param(alta(), OK, DUPLICATE, DUPLICATE, id="alta"),
    pytest.param(alta("N", "N"), OK, DUPLICATE, DUPLICATE, id="alta, said in full"),
    pytest.param(alta("S", "X"), OK, DUPLICATE, DUPLICATE, id="alta after rejection, or never sent"),
    pytest.param(alta("S"), MISSING, OK, OK, id="subsanación"),
    pytest.param(alta("S", "N"), MISSING, OK, OK, id="subsanación, said in full"),
    pytest.param(alta("S", "S"), MISSING, OK, OK, id="subsanación after its rejection"),
    pytest.param(anulacion(), MISSING, OK, OK, id="anulación"),
    pytest.param(anulacion("N", "N"), MISSING, OK, OK, id="anulación, said in full"),
    pytest.param(anulacion("", "S"), MISSING, OK, OK, id="anulación after its rejection"),
    pytest.param(anulacion("S"), OK, DUPLICATE, ANNULLED, id="anulación without previous record"),
    pytest.param(anulacion("S", "S"), OK, DUPLICATE, ANNULLED, id="the same after its rejection"),
]
HELD: dict[str, list[Callable[[Chain], str]]] = {
    "nothing": [],
    "an alta": [alta()],
    "an anulación": [alta(), anulacion()],
}


def outcome(answer: Answer) -> str:
    state, code = answer.verdicts[-1]
    return code or state


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize(("record", "nothing", "an_alta", "an_anulacion"), TABLE)
def test_cell(
    client: Client,
    chain: Chain,
    held: str,
    record: Callable[[Chain], str],
    nothing: str,
    an_alta: str,
    an_anulacion: str,
) -> None:
    if HELD[held]:
        assert client.post(chain.submission(*(make(chain) for make in HELD[held]))).text("EstadoEnvio") == OK
    answer = client.post(chain.submission(record(chain)))
    assert_valid("RespuestaSuministro.xsd", answer.content)
    assert outcome(answer) == dict(zip(HELD, (nothing, an_alta, an_anulacion), strict=True))[held]


@pytest.mark.parametrize(
    ("before", "state"),
    [
        (HELD["an alta"], "Correcta"),
        ([lambda chain: chain.alta("A-1", huella="0" * 64)], "AceptadaConErrores"),
        (HELD["an anulación"], "Anulada"),
        ([anulacion("S")], "Anulada"),
        ([*HELD["an anulación"], alta("S")], "Correcta"),
    ],
)
def test_a_duplicate_names_the_state_of_what_is_held(
    client: Client, chain: Chain, before: list[Callable[[Chain], str]], state: str
) -> None:
    client.post(chain.submission(*(make(chain) for make in before)))
    answer = client.post(chain.submission(alta()(chain)))
    assert outcome(answer) == DUPLICATE
    assert answer.text("EstadoRegistroDuplicado") == state


def test_a_rejected_record_leaves_the_invoice_as_it_was(client: Client, chain: Chain) -> None:
    """Rejected, then corrected as the AEAT wants it: Subsanacion=S with RechazoPrevio=X, never a plain alta again."""
    wrong = chain.alta("A-1").replace(">21.00</s:TipoImpositivo>", ">20.00</s:TipoImpositivo>")
    assert outcome(client.post(chain.submission(wrong))) == "1124"
    assert outcome(client.post(chain.submission(alta("S")(chain)))) == MISSING
    assert outcome(client.post(chain.submission(alta("S", "X")(chain)))) == OK
    assert outcome(client.post(chain.submission(alta("S", "X")(chain)))) == DUPLICATE


def test_every_record_of_a_life_stays_in_the_ledger(simulator: Simulator, client: Client, chain: Chain) -> None:
    steps = [alta(), alta("S"), anulacion(), anulacion("", "S"), alta("S", "S"), anulacion()]
    answer = client.post(chain.submission(*(make(chain) for make in steps)))
    assert answer.text("EstadoEnvio") == OK
    records = simulator.report()["records"]
    assert [record["huella"] for record in records] == chain.made
    assert all(later["before"] == earlier["id"] for earlier, later in pairwise(records))
    assert simulator.report()["invoices"] == {"Anulada": 1}
