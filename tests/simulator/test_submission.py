"""The verdict on each record, and the answer around it (verifactu.md 7.2, 12)."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.simulator.official import assert_valid
from tests.simulator.sender import COMPANY, PRODUCER, SUBSANACION, Answer, Chain, Client, Clock, body, flag, sha
from verifactu.simulator import Simulator

ANSWER = "RespuestaSuministro.xsd"
ACCEPTED = ("Correcto", "")
LATE = "<s:RemisionVoluntaria><s:Incidencia>S</s:Incidencia></s:RemisionVoluntaria>"


def send(client: Client, message: bytes) -> Answer:
    """Post, and hold what comes back against the AEAT's schema."""
    assert_valid("SuministroLR.xsd", body(message))
    answer = client.post(message)
    assert_valid(ANSWER, answer.content)
    return answer


class TestTheAnswer:
    """Its form."""

    def test_an_accepted_submission_has_its_receipt(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", ref="pedido 7")))
        assert re.fullmatch("A-[A-Z0-9]{14}", answer.text("CSV"))
        assert answer.text("NIFPresentador") == COMPANY
        assert answer.text("TimestampPresentacion") == "2026-02-03T10:15:30+01:00"
        assert answer.text("TiempoEsperaEnvio") == "60"
        assert answer.text("EstadoEnvio") == "Correcto"
        assert answer.texts("IDEmisorFactura") + answer.texts("NumSerieFactura") == [COMPANY, "A-1"]
        assert answer.text("FechaExpedicionFactura") == "03-02-2026"
        assert answer.text("TipoOperacion") == "Alta"
        assert answer.text("RefExterna") == "pedido 7"
        assert answer.verdicts == [ACCEPTED]

    def test_each_submission_has_a_csv_of_its_own(self, client: Client, chain: Chain) -> None:
        codes = {send(client, chain.submission(chain.alta(f"A-{n}"))).text("CSV") for n in range(3)}
        assert len(codes) == 3

    def test_moments_follow_madrids_summer(self, client: Client, chain: Chain, clock: Clock) -> None:
        clock.moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
        answer = send(client, chain.submission(chain.alta("A-1")))
        assert answer.text("TimestampPresentacion") == "2026-07-02T00:30:00+02:00"
        assert (answer.text("FechaExpedicionFactura"), answer.verdicts) == ("02-07-2026", [ACCEPTED])

    def test_moments_are_madrids_wherever_the_machine_is(
        self, client: Client, chain: Chain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("TZ", "America/Lima")
            time.tzset()
            answer = send(client, chain.submission(chain.alta("A-1")))
        time.tzset()
        assert answer.text("TimestampPresentacion") == "2026-02-03T10:15:30+01:00"

    def test_the_header_comes_back(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1"), header=LATE))
        header = answer.content.find("{*}Cabecera")
        assert header is not None
        assert [each.text for each in header.iter() if len(each) == 0] == ["TIENDA DE PRUEBAS SL", COMPANY, "S"]

    def test_both_kinds_of_record_keep_their_order(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1"), chain.anulacion("A-1"), chain.alta("A-2")))
        assert answer.texts("TipoOperacion") == ["Alta", "Anulacion", "Alta"]
        assert answer.verdicts == [ACCEPTED] * 3

    def test_texts_come_back_trimmed_and_escaped(self, client: Client, chain: Chain) -> None:
        message = chain.submission(chain.alta("A&1/2 b", ref="<uno> & dos")).replace(b">A&amp;1", b">  A&amp;1")
        answer = send(client, message)
        assert (answer.text("NumSerieFactura"), answer.text("RefExterna")) == ("A&1/2 b", "<uno> & dos")
        assert answer.verdicts == [ACCEPTED]

    def test_all_rejected_is_incorrecto_without_receipt(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.anulacion("A-1"), chain.anulacion("A-2")))
        assert answer.text("EstadoEnvio") == "Incorrecto"
        assert (answer.text("CSV"), answer.text("TimestampPresentacion")) == ("", "")
        assert answer.text("TiempoEsperaEnvio") == "60"

    @pytest.mark.parametrize("second", ["rejected", "reproached"])
    def test_anything_between_is_parcialmente_correcto(self, client: Client, chain: Chain, second: str) -> None:
        other = chain.anulacion("B-1") if second == "rejected" else chain.alta("B-1", huella="0" * 64)
        answer = send(client, chain.submission(chain.alta("A-1"), other))
        assert answer.text("EstadoEnvio") == "ParcialmenteCorrecto"
        assert answer.text("CSV")

    def test_a_single_reproached_record_is_parcialmente_correcto(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", huella="0" * 64)))
        assert answer.text("EstadoEnvio") == "ParcialmenteCorrecto"

    def test_a_thousand_records_take_less_than_two_seconds_of_cpu(self, client: Client, chain: Chain) -> None:
        message = chain.submission(*(chain.alta(f"A-{n}") for n in range(1000)))
        begun = time.process_time()
        answer = client.post(message)
        spent = time.process_time() - begun
        assert answer.verdicts == [ACCEPTED] * 1000
        assert_valid(ANSWER, answer.content)
        assert spent < 2


class TestTheRecord:
    """What is wrong with it by itself."""

    @pytest.mark.parametrize("total", ["121", "121.0", "121.", "+121.00"])
    def test_amounts_are_hashed_as_they_are_written(self, client: Client, chain: Chain, total: str) -> None:
        assert send(client, chain.submission(chain.alta("A-1", total=total))).verdicts == [ACCEPTED]

    def test_the_stamp_is_hashed_as_it_is_written(self, client: Client, chain: Chain) -> None:
        assert send(client, chain.submission(chain.alta("A-1", stamp="2026-02-03T09:15:30Z"))).verdicts == [ACCEPTED]

    @pytest.mark.parametrize("wrong", [sha("something else"), "a" * 64])
    def test_a_wrong_huella_is_2000(self, client: Client, chain: Chain, wrong: str) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", huella=wrong)))
        assert answer.verdicts == [("AceptadoConErrores", "2000")]

    def test_a_lower_case_huella_is_2000(self, client: Client, chain: Chain) -> None:
        message = chain.submission(chain.alta("A-1")).decode()
        answer = send(client, message.replace(chain.made[0], chain.made[0].lower()).encode())
        assert answer.verdicts == [("AceptadoConErrores", "2000")]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"huella": "ABC"}, "1262"),
            ({"huella": "-" * 64}, "1292"),
            ({"issuer": PRODUCER}, "1108"),
            ({"stamp": "2026-02-03T10:15:30.5+01:00"}, "1244"),
            ({"stamp": "2026-02-03T10:15:30"}, "1244"),
            ({"stamp": "2026-02-03T24:00:00+01:00"}, "1244"),
            ({"fecha": "04-02-2026"}, "1112"),
            ({"fecha": "30-02-2026"}, "1105"),
            ({"fecha": "27-10-2024"}, "1152"),
            ({"flags": flag("RechazoPrevio", "X")}, "1153"),
            ({"flags": flag("RechazoPrevio", "S")}, "1161"),
        ],
    )
    def test_is_rejected(self, client: Client, chain: Chain, changes: dict[str, str], expected: str) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", **changes)))
        assert answer.verdicts == [("Incorrecto", expected)]
        assert answer.text("DescripcionErrorRegistro")

    @pytest.mark.parametrize(
        ("changes", "expected"), [({"total": "131.01"}, "2005"), ({"cuota": "31.01", "total": "121.00"}, "2006")]
    )
    def test_sums_that_are_out_by_more_than_ten_euros_are_reproached(
        self, client: Client, chain: Chain, changes: dict[str, str], expected: str
    ) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", **changes)))
        assert answer.verdicts == [("AceptadoConErrores", expected)]

    def test_the_table_of_rules_applies(self, client: Client, chain: Chain) -> None:
        wrong_rate = chain.alta("A-1").replace("<s:TipoImpositivo>21.00<", "<s:TipoImpositivo>20.00<")
        assert send(client, chain.submission(wrong_rate)).verdicts == [("Incorrecto", "1124")]

    def test_a_rejection_hides_a_reproach(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", huella="0" * 64, fecha="04-02-2026")))
        assert answer.verdicts == [("Incorrecto", "1112")]

    @pytest.mark.parametrize(("seconds", "accepted"), [(240, True), (241.5, False), (-240, True), (-241.5, False)])
    def test_its_clock_may_differ_by_240_seconds(
        self, client: Client, chain: Chain, clock: Clock, seconds: float, accepted: bool
    ) -> None:
        clock.moment = clock.moment.replace(microsecond=0)
        record = chain.alta("A-1")
        clock.forward(seconds)
        answer = send(client, chain.submission(record))
        assert answer.verdicts == [ACCEPTED if accepted else ("AceptadoConErrores", "2004")]
        assert accepted or "240" in answer.text("DescripcionErrorRegistro")

    def test_an_incident_excuses_a_late_record(self, client: Client, chain: Chain, clock: Clock) -> None:
        record = chain.alta("A-1")
        clock.forward(7200)
        assert send(client, chain.submission(record, header=LATE)).verdicts == [ACCEPTED]


class TestTheChain:
    """Its link to the record received before it."""

    def test_holds_across_submissions(self, client: Client, chain: Chain) -> None:
        for n in range(3):
            assert send(client, chain.submission(chain.alta(f"A-{n}"))).verdicts == [ACCEPTED]

    def test_a_first_record_that_names_a_predecessor_is_2003(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1", previous=(COMPANY, "X", "01-02-2026", sha("x")))))
        assert answer.verdicts == [("AceptadoConErrores", "2003")]

    @pytest.mark.parametrize("part", [0, 1, 2, 3])
    def test_every_part_of_the_link_must_be_the_predecessors(self, client: Client, chain: Chain, part: int) -> None:
        send(client, chain.submission(chain.alta("A-1")))
        assert chain.last is not None
        link = list(chain.last)
        link[part] = (PRODUCER, "A-0", "02-02-2026", sha("x"))[part]
        answer = send(client, chain.submission(chain.alta("A-2", previous=tuple(link))))  # type: ignore[arg-type]
        assert answer.verdicts == [("AceptadoConErrores", "2003")]

    def test_a_record_left_out_is_2003_and_the_chain_goes_on_behind_it(self, client: Client, chain: Chain) -> None:
        first, _, third, fourth = (chain.alta(f"A-{n}") for n in range(4))
        answer = send(client, chain.submission(first, third, fourth))
        assert answer.verdicts == [ACCEPTED, ("AceptadoConErrores", "2003"), ACCEPTED]

    def test_a_second_first_record_is_2007(self, client: Client, chain: Chain) -> None:
        answer = send(client, chain.submission(chain.alta("A-1"), chain.alta("A-2", previous=None)))
        assert answer.verdicts == [ACCEPTED, ("AceptadoConErrores", "2007")]

    def test_an_anulacion_may_be_the_first(self, client: Client, chain: Chain) -> None:
        record = chain.anulacion("A-1", flags=flag("SinRegistroPrevio", "S"))
        assert send(client, chain.submission(record, chain.alta("A-2"))).verdicts == [ACCEPTED, ACCEPTED]

    @pytest.mark.parametrize(
        ("huella", "expected"),
        [("ABC", ("AceptadoConErrores", "2002")), ("*" * 64, ("Incorrecto", "1291"))],
    )
    def test_a_previous_huella_of_the_wrong_shape(
        self, client: Client, chain: Chain, huella: str, expected: tuple[str, str]
    ) -> None:
        send(client, chain.submission(chain.alta("A-1")))
        record = chain.alta("A-2", previous=(COMPANY, "A-1", "03-02-2026", huella))
        assert send(client, chain.submission(record)).verdicts == [expected]

    def test_a_record_that_points_to_itself_is_reproached_for_its_huella_first(
        self, client: Client, chain: Chain
    ) -> None:
        own = sha("any")
        record = chain.alta("A-1", huella=own, previous=(COMPANY, "A-0", "03-02-2026", own))
        assert send(client, chain.submission(record)).verdicts == [("AceptadoConErrores", "2000")]

    def test_a_rejected_record_stays_and_the_next_one_points_to_it(
        self, simulator: Simulator, client: Client, chain: Chain
    ) -> None:
        records = [chain.alta("A-1"), chain.alta("A-2", fecha="04-02-2026"), chain.alta("A-3")]
        assert send(client, chain.submission(*records)).verdicts == [ACCEPTED, ("Incorrecto", "1112"), ACCEPTED]
        assert simulator.report()["chains"][0]["records"] == 3

    def test_each_installation_has_its_own(self, client: Client, chain: Chain, clock: Clock) -> None:
        other = Chain(clock, installation="20260101T090000-0002")
        records = [chain.alta("A-1"), other.alta("B-1"), chain.alta("A-2"), other.alta("B-2")]
        assert send(client, chain.submission(*records)).verdicts == [ACCEPTED] * 4

    def test_each_taxpayer_has_its_own(
        self, simulator: Simulator, client: Client, client_of: Callable[[Simulator, str], Client], clock: Clock
    ) -> None:
        chain, other = Chain(clock), Chain(clock, nif="89890001K")
        assert send(client, chain.submission(chain.alta("A-1"))).verdicts == [ACCEPTED]
        assert send(client_of(simulator, "89890001K"), other.submission(other.alta("A-1"))).verdicts == [ACCEPTED]


class TestSentAgain:
    """A record that comes a second time is recognised, and does not disturb the chain."""

    def test_is_a_duplicate_that_names_what_is_held(self, client: Client, chain: Chain) -> None:
        message = chain.submission(chain.alta("A-1"))
        send(client, message)
        answer = send(client, message)
        assert answer.verdicts == [("Incorrecto", "3000")]
        assert answer.text("EstadoRegistroDuplicado") == "Correcta"
        assert len(answer.text("IdPeticionRegistroDuplicado")) == 20
        assert answer.text("EstadoEnvio") == "Incorrecto"

    def test_the_duplicate_tells_the_error_it_was_stored_with(self, client: Client, chain: Chain) -> None:
        message = chain.submission(chain.alta("A-1", huella="0" * 64))
        send(client, message)
        duplicate = send(client, message).content.find(".//{*}RegistroDuplicado")
        assert duplicate is not None
        assert duplicate.findtext("{*}EstadoRegistroDuplicado") == "AceptadaConErrores"
        assert duplicate.findtext("{*}CodigoErrorRegistro") == "2000"

    def test_twice_in_one_submission_is_a_duplicate_too(self, client: Client, chain: Chain) -> None:
        record = chain.alta("A-1")
        assert send(client, chain.submission(record, record)).verdicts == [ACCEPTED, ("Incorrecto", "3000")]

    def test_another_date_is_another_invoice(self, client: Client, chain: Chain) -> None:
        records = chain.alta("A-1"), chain.alta("A-1", fecha="02-02-2026")
        assert send(client, chain.submission(*records)).verdicts == [ACCEPTED, ACCEPTED]

    def test_leaves_the_head_of_the_chain_where_it_was(self, client: Client, chain: Chain) -> None:
        first = chain.alta("A-1")
        send(client, chain.submission(first, chain.alta("A-2")))
        send(client, chain.submission(first))
        assert send(client, chain.submission(chain.alta("A-3"))).verdicts == [ACCEPTED]

    def test_a_rejected_one_is_judged_at_its_old_place(self, client: Client, chain: Chain, clock: Clock) -> None:
        early = chain.alta("A-1", fecha="04-02-2026")
        assert send(client, chain.submission(early, chain.alta("A-2"))).verdicts[0] == ("Incorrecto", "1112")
        clock.forward(24 * 3600)
        assert send(client, chain.submission(early, header=LATE)).verdicts == [ACCEPTED]
        assert send(client, chain.submission(chain.alta("A-3"))).verdicts == [ACCEPTED]

    def test_a_subsanacion_is_a_new_record(self, client: Client, chain: Chain) -> None:
        records = chain.alta("A-1"), chain.alta("A-1", flags=SUBSANACION)
        answer = send(client, chain.submission(*records))
        assert answer.verdicts == [ACCEPTED, ACCEPTED]
        assert answer.texts("Subsanacion") == ["S"]
