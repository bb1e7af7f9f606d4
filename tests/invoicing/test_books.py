"""The accountant's books of a small company with one invoice of each kind, every box computed by hand.

Source of the expectations: the boxes' own definitions (Orden HAC/819/2024, the AEAT's manual, LSI's validations),
worked out in the comments; the invoices' records went through the AEAT's schema and rules when they were made.
"""

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.core import mail
from django.db import transaction
from pytest_django import Settings

from common import clock
from invoicing.books import periods
from invoicing.books.register import split
from invoicing.coding import Coding, LineCoding, recoded
from invoicing.documents import Documents
from invoicing.exports import ExportInvoices, export_invoices, request_export
from invoicing.figures import Sums, day_figures
from invoicing.models import Company, Export, Invoice
from invoicing.verification import damaged_exports
from tests import world
from tests.databases import Database
from tests.invoicing import expected
from tests.invoicing.api_client import ORDERS, caller, order, work_off
from tests.invoicing.declared import AMERICAN, FRENCH, ITALIAN, accept, declare, row
from tests.workflows import bench
from verifactu.history import append_correction
from verifactu.models import Record
from workflows.engine import trigger
from workflows.models import Process


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    return world.la_encina()


def day(month: int, number: int, year: int = 2026) -> date:
    return date(year, month, number)


def trade(company: Company) -> dict[str, Invoice]:
    """Have the company issue one invoice of each kind in the first quarter of 2026, and some around it."""
    made: dict[str, Invoice] = {}

    def issue(name: str, kind: str, on: date, *rows: Any, **more: Any) -> None:
        made[name] = declare(company, kind, on, *rows, **more)

    issue("three rates", "F1", day(1, 15), row("100", "21", "21"), row("50", "10", "5"), row("25", "4", "1"))
    issue("guest", "F2", day(2, 1), row("10", "21", "2.10"), to=None)
    issue("surcharge", "F1", day(2, 10), row("200", "21", "42", surcharge=("5.2", "10.40")),
          row("100", "10", "10", surcharge=("1.4", "1.40")),
          row("50", "4", "2", surcharge=("0.5", "0.25")))  # fmt: skip
    issue("goods to France", "F1", day(3, 1), row("1000", exencion="E5"), to=FRENCH)
    issue("service to Italy", "F1", day(3, 2), row("300", calificacion="N2"), to=ITALIAN)
    issue("export", "F1", day(3, 3), row("500", exencion="E2", clave_regimen="02"), to=AMERICAN)
    issue("reverse charge", "F1", day(3, 4), row("400", "0", "0", calificacion="S2"))
    issue("one-stop shop", "F2", day(3, 5), row("80", calificacion="N2", clave_regimen="17"), to=None)
    issue("service in Canarias", "F1", day(3, 6), row("70", calificacion="N2", clave_regimen="08"))
    issue("exempt", "F1", day(3, 7), row("60", exencion="E1"))
    issue("exchange", "F3", day(3, 8), row("10", "21", "2.10"), substitutes=(made["guest"],))
    issue("return", "R1", day(3, 9), row("-40", "21", "-8.40"), rectifies=(made["three rates"],))
    issue("wrong", "F1", day(1, 20), row("1000", "21", "210"))
    issue("right", "R4", day(3, 15), row("800", "21", "168"), rectifies=(made["wrong"],),
          replaced=("1000.00", "210.00", ""))  # fmt: skip
    issue("return of a guest", "R5", day(3, 16), row("-1", "21", "-0.21"), rectifies=(made["guest"],), to=None)
    issue("mistake", "F1", day(3, 17), row("999", "21", "209.79"), state="annulled")
    issue("rejected", "F1", day(3, 18), row("5", "21", "1.05"), state="rejected")
    issue("last year's", "F1", day(1, 2), row("700", "21", "147"), operation=day(12, 30, 2025))
    issue("issued later", "F1", day(4, 3), row("30", "10", "3"), operation=day(3, 30))
    issue("coded wrong", "F1", day(3, 19), row("90", calificacion="N1"))
    issue("return with surcharge", "R1", day(3, 20), row("-20", "21", "-4.20", surcharge=("5.2", "-1.04")),
          rectifies=(made["surcharge"],))  # fmt: skip
    issue("goods to France in autumn", "F1", day(11, 10, 2025), row("2000", exencion="E5"), to=FRENCH)
    issue("discount of autumn", "R1", day(3, 21), row("-150", exencion="E5"), to=FRENCH,
          rectifies=(made["goods to France in autumn"],))  # fmt: skip
    issue("discount of March", "R1", day(3, 22), row("-100", exencion="E5"), to=FRENCH,
          rectifies=(made["goods to France"],))  # fmt: skip
    issue("insolvent", "R2", day(3, 23), row("-50", "21", "-10.50"), rectifies=(made["wrong"],))
    issue("in Canarias", "F1", day(3, 24), row("10", "7", "0.70", impuesto="03", calificacion="S1"))
    issue("used goods", "F1", day(5, 5), row("40", "21", "8.40", calificacion="S1", clave_regimen="03"))
    correct(made["coded wrong"], company, Coding(lines=(LineCoding(calificacion="N2"),)))
    return made


def correct(invoice: Invoice, company: Company, coding: Coding, verdict: str = "accepted") -> Record:
    """Correct the coding of an invoice's record, as staff do."""
    with transaction.atomic():
        later = append_correction(
            invoice.record, lambda registro: recoded(registro, coding), tenant=company.tenant, zone=company.zone,
            now=clock.now,
        )  # fmt: skip
    accept(later.pk, verdict)
    return later


def book(
    company: Company, kind: str, period: str, *, size: int = 40, language: str = "es", who: str = "ana"
) -> list[list[str]]:
    """Have the book made in pages of `size` invoices; return the lines of its CSV, which its XLSX repeats."""
    first, last = periods.period(period)
    wanted = ExportInvoices(company.pk, who, last, first, last, "", language, size, kind)
    handle = trigger(export_invoices, wanted, now=clock.now(), actor="ana")
    bench.drain()
    assert handle.state() == "completed", Process.objects.get(pk=handle.id).error
    export = Export.objects.get(pk=handle.id)
    lines = read_csv(files(export, "csv"))
    read = expected.read_xlsx if kind == "facturas" else read_xlsx
    assert read(files(export, "xlsx")) == lines
    return lines


def files(export: Export, kind: str) -> Path:
    from django.conf import settings

    return Documents(settings.DOCUMENTS_DIR, kind).path(getattr(export, f"{kind}_sha256"))


def read_csv(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines, delimiter=";"))


def read_xlsx(file: Path) -> list[list[str]]:
    """Return the cells of the only sheet as the CSV writes them: amounts and whole numbers by their format."""
    workbook = openpyxl.load_workbook(file)
    (sheet,) = workbook.worksheets

    def text(cell: Any) -> str:
        if cell.value is None:
            return ""
        if cell.is_date:
            return f"{cell.value:%d/%m/%Y}"
        if isinstance(cell.value, int | float):
            return str(cell.value) if cell.number_format == "0" else f"{cell.value:.2f}".replace(".", ",")
        return str(cell.value)

    return [[text(cell) for cell in line] for line in sheet.iter_rows()]


def filled(lines: list[list[str]]) -> dict[str, str]:
    """Return box -> amount of the boxes that are not zero, the forms' constant rates left out."""
    return {line[0]: line[2] for line in lines[1:] if line[0] != "—" and line[2] != "0,00" and ": tipo" not in line[1]}


def unboxed(lines: list[list[str]]) -> dict[str, str]:
    return {line[1]: line[2] for line in lines[1:] if line[0] == "—"}


def test_modelo_303_box_by_box(company: Company) -> None:
    trade(company)
    lines = book(company, "303", "2026-Q1", size=7)
    assert lines[0] == ["Casilla", "Concepto", "Importe", "Fuente", "Sin confirmar"]
    assert filled(lines) == {
        "01": "75,00", "03": "3,00",  # 25 + 50; 1 + 2
        "04": "180,00", "06": "18,00",  # 50 + 100 + 30 issued in April for March; 5 + 10 + 3
        "07": "1315,00", "09": "276,15",  # 100 + 10 + 200 + 1000 + 5 rejected; 21 + 2.10 + 42 + 210 + 1.05
        "14": "-311,00",  # returns -40 -1 -20, insolvency -50, by substitution 800 - 1000
        "15": "-65,31",  # -8.40 - 0.21 - 4.20 - 10.50, 168 - 210
        "168": "50,00", "170": "0,25", "19": "100,00", "21": "1,40", "22": "200,00", "24": "10,40",
        "25": "-20,00", "26": "-1,04",
        "27": "242,85",  # 3 + 18 + 276.15 - 65.31 + 0.25 + 1.40 + 10.40 - 1.04
        "59": "1050,00",  # 1000 + 300 - 150 - 100
        "60": "500,00",
        "120": "160,00",  # 70 and 90, the latter as corrected from N1
        "122": "400,00",
        "123": "80,00",
    }  # fmt: skip
    assert unboxed(lines) == {
        "Sin casilla: exentas sin derecho a deducción (art. 20)": "60,00",
        "Sin casilla: IGIC, IPSI u otro impuesto": "10,00",
        "Facturas que no suman: F3, canje: sus importes ya se declararon con las simplificadas": "10,00",
        "Facturas que no suman: anuladas": "999,00",
        # 75 + 180 + 1315 - 311 + 1050 + 500 + 160 + 400 + 80 + 60 + 10
        "Control: suma de todas las bases": "3519,00",
    }
    constants = {line[0]: line[2] for line in lines if ": tipo" in line[1]}
    assert constants == {"151": "0,00", "02": "4,00", "05": "10,00", "08": "21,00", "157": "1,75", "169": "0,50",
                         "20": "1,40", "23": "5,20"}  # fmt: skip
    # the last quarter of 2025 has what was issued in January for December, and nothing more but the French sale
    assert filled(book(company, "303", "2025-Q4")) == {"07": "700,00", "09": "147,00", "27": "147,00", "59": "2000,00"}
    # one page or many, the same bytes
    assert book(company, "303", "2026-Q1", size=1000) == lines


def test_modelo_349_operators_and_what_is_corrected_of_earlier_periods(company: Company) -> None:
    trade(company)
    assert book(company, "349", "2026-Q1")[1:] == [
        ["Operador", "FR40303265045", "Boulangerie Dupont", "E", "900,00", "", "", "", ""],  # 1000 - 100
        ["Operador", "IT00743110157", "Officina Rossi", "S", "300,00", "", "", "", ""],
        ["Rectificación", "FR40303265045", "Boulangerie Dupont", "E", "", "2025", "4T", "1850,00", "2000,00"],
        ["Resumen", "2", "", "", "1200,00", "", "", "", ""],
        ["Resumen", "1", "", "", "", "", "", "1850,00", ""],
    ]
    # a second discount of autumn, in April: what was declared before is what the first one left
    declare(company, "R1", day(4, 10), row("-50", exencion="E5"), to=FRENCH,
            rectifies=(Invoice.objects.get(total=2000),))  # fmt: skip
    assert book(company, "349", "2026-Q2")[1:2] == [
        ["Rectificación", "FR40303265045", "Boulangerie Dupont", "E", "", "2025", "4T", "1800,00", "1850,00"],
    ]
    # by months, the same discount corrects November
    assert [line[5:] for line in book(company, "349", "2026-03")[3:4]] == [["2025", "11", "1850,00", "2000,00"]]


def test_modelo_390_box_by_box(company: Company) -> None:
    trade(company)
    lines = book(company, "390", "2026")
    assert filled(lines) == {
        "01": "75,00", "02": "3,00", "03": "180,00", "04": "18,00", "05": "1315,00", "06": "276,15",
        "11": "40,00", "12": "8,40",  # used goods, in May
        "29": "-261,00", "30": "-54,81",  # those of 303 without the insolvency
        "31": "-50,00", "32": "-10,50",
        "33": "1299,00", "34": "240,24",  # 75 + 180 + 1315 + 40 - 261 - 50; 3 + 18 + 276.15 + 8.40 - 54.81 - 10.50
        "35": "50,00", "36": "0,25", "599": "100,00", "600": "1,40", "601": "200,00", "602": "10,40",
        "43": "-20,00", "44": "-1,04",
        "47": "251,25",  # 240.24 + 0.25 + 1.40 + 10.40 - 1.04
        "99": "1259,00",  # 75 + 180 + 1315 - 261 - 50
        "103": "1050,00", "104": "500,00", "105": "60,00", "110": "160,00", "125": "400,00", "126": "80,00",
        "227": "40,00",
        "108": "3549,00",  # 1259 + 1050 + 500 + 60 + 160 + 400 + 80 + 40
    }  # fmt: skip
    assert unboxed(lines)["Sin casilla: IGIC, IPSI u otro impuesto"] == "10,00"


def test_modelo_369_by_state_and_rate_and_what_is_corrected_of_earlier_quarters(company: Company) -> None:
    def abroad(kind: str, on: date, base: str, country: str, rate: str, tax: str, **more: Any) -> Invoice:
        foreign = {"country": country, "rate": rate, "base": base, "tax": tax}
        return declare(company, kind, on, row(base, calificacion="N2", clave_regimen="17"), to=None,
                       figures=json.dumps({"foreign": [foreign]}), **more)  # fmt: skip

    sold = abroad("F2", day(2, 1), "100", "FR", "20", "20")
    abroad("F2", day(3, 1), "40", "FR", "5.5", "2.20")
    german = abroad("F2", day(3, 2), "200", "DE", "19", "38")
    abroad("F2", day(3, 3), "10", "DE", "19", "1.90", state="annulled")
    abroad("R5", day(3, 4), "-50", "DE", "19", "-9.50", rectifies=(german,))
    abroad("R5", day(4, 5), "-30", "FR", "20", "-6", rectifies=(sold,))
    declare(company, "F1", day(3, 5), row("1000", "21", "210"))  # nothing of the one-stop shop
    assert book(company, "369", "2026-Q1", size=2)[1:] == [
        ["Operaciones", "DE", "19,00", "150,00", "28,50", "", ""],
        ["Operaciones", "FR", "5,50", "40,00", "2,20", "", ""],
        ["Operaciones", "FR", "20,00", "100,00", "20,00", "", ""],
        ["Total", "", "", "290,00", "50,70", "", ""],
    ]
    assert book(company, "369", "2026-Q2")[1:] == [
        ["Corrección", "FR", "", "", "-6,00", "2026", "1T"],
        ["Total", "", "", "0,00", "-6,00", "", ""],
    ]
    assert filled(book(company, "303", "2026-Q1"))["123"] == "290,00"  # 100 + 40 + 200 - 50


def test_what_the_product_issues_by_itself_is_in_the_return(company: Company) -> None:
    client = caller(company)
    client.post(ORDERS, order(id="guest"), key="1")  # F2: 20 and 4.20
    client.post(ORDERS, order(id="company", total="23.10", lines=[
        {"description": "Taza", "unit_price": "12.10", "amount": "12.10", "tax_rate": "21"},
        {"description": "Pan", "unit_price": "11.00", "amount": "11.00", "tax_rate": "10"},
    ], buyer={"name": "Jordi Soler", "company": "Ferretería Soler SL", "tax_id": "B12345674",
              "address": {"lines": ["Calle Mayor 1"], "postal_code": "28001", "city": "Madrid", "country": "ES"}}),
        key="2")  # F1: 10 and 2.10, 10 and 1  # fmt: skip
    work_off()
    later = (clock.now() + timedelta(seconds=1)).isoformat()
    client.post(ORDERS, order(id="guest", updated_at=later, refunds=[{"id": "R1", "total": "12.10"}]), key="3")
    work_off()  # R5: -10 and -2.10
    assert sorted(Invoice.objects.values_list("tipo", flat=True)) == ["F1", "F2", "R5"]
    (month,) = {f"{on:%Y-%m}" for on in Invoice.objects.values_list("issue_date", flat=True)}
    Record.objects.filter(state="pending").update(state="in_flight")
    assert filled(book(company, "303", month)) == {
        "07": "30,00", "09": "6,30", "04": "10,00", "06": "1,00", "14": "-10,00", "15": "-2,10", "27": "5,20",
    }  # fmt: skip


def test_what_the_product_sells_abroad_under_the_one_stop_shop_is_in_the_369(company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(oss_from=date(2026, 1, 1))
    client = caller(company)
    koeln = {"lines": ["Lindenstraße 44"], "postal_code": "50674", "city": "Köln", "country": "DE"}
    sale = {
        "buyer": {"name": "Erika Muster", "address": koeln}, "ship_to": koeln, "total": "119.00",
        "lines": [{"description": "Taza", "unit_price": "119.00", "amount": "119.00", "tax_rate": "19"}],
    }  # fmt: skip
    client.post(ORDERS, order(id="de", **sale), key="1")  # 100 of base, 19 of German tax
    work_off()
    later = (clock.now() + timedelta(seconds=1)).isoformat()
    client.post(ORDERS, order(id="de", **sale, updated_at=later, refunds=[{"id": "R1", "total": "23.80"}]), key="2")
    work_off()  # -20 and -3.80
    assert sorted(Invoice.objects.values_list("tipo", flat=True)) == ["F2", "R5"]
    (on,) = set(Invoice.objects.values_list("issue_date", flat=True))
    Record.objects.filter(state="pending").update(state="in_flight")
    assert book(company, "369", periods.name(on, periods.QUARTER))[1:] == [
        ["Operaciones", "DE", "19,00", "80,00", "15,20", "", ""],
        ["Total", "", "", "80,00", "15,20", "", ""],
    ]
    assert filled(book(company, "303", f"{on:%Y-%m}")) == {"123": "80,00"}


GROUPS = [
    "Autoliquidación", "", "Actividad", "", "", "Tipo de Factura", "Concepto de Ingreso", "Ingreso Computable",
    "Fecha Expedición", "Fecha Operación", "Identificación de la Factura", "", "", "NIF Destinatario", "", "",
    "Nombre Destinatario", "Clave de Operación", "Calificación de la Operación", "Operación Exenta", "Total Factura",
    "Base Imponible", "Tipo de IVA", "Cuota IVA Repercutida", "Tipo de Recargo Eq.", "Cuota Recargo Eq.",
    "Cobro (Operación Criterio de Caja de IVA y/o artículo 7.2.1º de Reglamento del IRPF)", "", "", "",
    "Tipo Retención del IRPF", "Importe Retenido del IRPF", "Registro Acuerdo Facturación", "Inmueble", "",
    "Referencia Externa",
]  # fmt: skip
NAMES = [
    "Ejercicio", "Periodo", "Código", "Tipo", "Grupo o Epígrafe del IAE", "", "", "", "", "", "Serie", "Número",
    "Número-Final", "Tipo", "Código País", "Identificación", *[""] * 10, "Fecha", "Importe", "Medio Utilizado",
    "Identificación Medio Utilizado", "", "", "", "Situación", "Referencia Catastral", "",
]  # fmt: skip
"""The two header lines of LSI.xlsx without the numbers of the validations, as two projects publish them."""


def test_the_register_has_the_columns_and_lines_of_the_published_format(company: Company) -> None:
    made = trade(company)
    lines = book(company, "libro", "2026-Q1")
    assert lines[:2] == [GROUPS, NAMES]
    assert len(lines) == 2 + 28  # one a row: three of two invoices, two of the substitution; none of IGIC
    assert {line[0] for line in lines[2:]} == {"2026"}
    assert {line[1] for line in lines[2:]} == {"1T"}

    def of(name: str) -> list[list[str]]:
        number = made[name].num_serie
        return [line[5:6] + line[8:10] + line[13:26] for line in lines[2:] if line[10] + line[11] == number]

    soler = ["", "", "B12345674", "Ferretería Soler SL"]
    assert of("three rates") == [
        ["F1", "15/01/2026", "", *soler, "01", "S1", "", "121,00", "100,00", "21,00", "21,00", "", ""],
        ["F1", "15/01/2026", "", *soler, "01", "S1", "", "55,00", "50,00", "10,00", "5,00", "", ""],
        ["F1", "15/01/2026", "", *soler, "01", "S1", "", "26,00", "25,00", "4,00", "1,00", "", ""],
    ]
    assert of("surcharge")[0][-6:] == ["252,40", "200,00", "21,00", "42,00", "5,20", "10,40"]
    assert of("guest") == [
        ["F2", "01/02/2026", "", "", "", "", "VENTAS A CONSUMIDOR FINAL", "01", "S1", "", "12,10", "10,00", "21,00",
         "2,10", "", ""],
    ]  # fmt: skip
    assert of("goods to France") == [
        ["F1", "01/03/2026", "", "02", "", "FR40303265045", "Boulangerie Dupont", "01", "", "E5", "1000,00", "1000,00",
         "", "", "", ""],
    ]  # fmt: skip
    assert of("export")[0][3:6] == ["04", "US", "12-3456789"]
    assert of("reverse charge")[0][-6:] == ["400,00", "400,00", "0,00", "0,00", "", ""]  # validation 22
    assert of("one-stop shop")[0][7:12] == ["17", "N2", "", "80,00", "80,00"]  # validation 37
    assert of("coded wrong")[0][8] == "N2"  # as corrected
    assert of("exchange")[0][0] == "F3"  # stands in the book
    assert of("issued later") == [
        ["F1", "03/04/2026", "30/03/2026", *soler, "01", "S1", "", "33,00", "30,00", "10,00", "3,00", "", ""],
    ]  # validation 11, the AEAT's own example
    # validation 8, with its figures: the erroneous one taken back, the corrective one as it results
    assert [line[10:12] for line in of("right")] == [["968,00", "800,00"]]
    assert [line[10:12] for line in of("wrong")] == [["1210,00", "1000,00"], ["-1210,00", "-1000,00"]]
    assert [line[10:12] for line in of("mistake")] == [["0,00", "0,00"]]
    marked = [line[10] + line[11] for line in lines[2:] if line[35] == "ANULADA"]
    assert marked == [made["mistake"].num_serie]
    assert not of("last year's")
    assert not of("in Canarias")
    # the book and the return are about the same invoices: its bases are those of 303 but for the exchange
    bases = sum(Decimal(line[21].replace(",", ".")) for line in lines[2:])
    assert bases == 3519 - 10 + 10  # without IGIC, with the exchange


def test_a_correction_that_the_aeat_rejected_changes_no_book(company: Company) -> None:
    invoice = declare(company, "F1", day(3, 19), row("90", calificacion="N1"))
    correct(invoice, company, Coding(lines=(LineCoding(calificacion="N2"),)), "rejected")
    lines = book(company, "303", "2026-03")
    assert filled(lines) == {}
    assert unboxed(lines)["Sin casilla: no sujetas por los arts. 7, 14 y otros (N1)"] == "90,00"


def test_the_list_of_invoices_shows_the_coding_as_corrected(company: Company) -> None:
    invoice = declare(company, "F1", day(3, 19), row("90", calificacion="N1"))
    assert book(company, "facturas", "2026-03")[1][10] == "N1: 90,00"
    correct(invoice, company, Coding(lines=(LineCoding(exencion="E1"),)))
    assert book(company, "facturas", "2026-03", who="berta")[1][10] == "E1: 90,00"


def test_substitution_of_what_another_system_issued_goes_by_the_sums_it_states(company: Company) -> None:
    old = declare(company, "F1", day(1, 20), row("300", "21", "63"))
    # says that it replaces 1000 and 210: more than the one invoice that it names, as after an earlier correction
    declare(company, "R4", day(3, 15), row("800", "21", "168"), rectifies=(old,), replaced=("1000.00", "210.00", ""))
    assert filled(book(company, "303", "2026-03")) == {"14": "-200,00", "15": "-42,00", "27": "-42,00"}


def test_the_days_report_counts_what_the_return_counts(company: Company) -> None:
    on = day(3, 15)
    guest = declare(company, "F2", on, row("10", "21", "2.10"), to=None)
    declare(company, "F3", on, row("10", "21", "2.10"), substitutes=(guest,))
    wrong = declare(company, "F1", day(1, 20), row("1000", "21", "210"), row("50", "10", "5"))
    declare(company, "R4", on, row("800", "21", "168"), row("50", "10", "5"), rectifies=(wrong,),
            replaced=("1050.00", "215.00", ""))  # fmt: skip
    figures = day_figures(company.pk, on, "simulator", now=clock.now())
    assert figures.sums == Sums(3, Decimal("-190.00"), Decimal("-39.90"), Decimal("-229.90"))  # 10 + 800 - 1000 at 21 %
    assert {kind: (sums.count, sums.total) for kind, sums in figures.types.items()} == {
        "F2": (1, Decimal("12.10")), "F3": (1, Decimal("0.00")), "R4": (1, Decimal("-242.00")),
    }  # fmt: skip
    assert [(share.rate, share.base, share.tax) for share in figures.shares] == [
        (Decimal(21), Decimal("-190.00"), Decimal("-39.90")), (Decimal(10), Decimal("0.00"), Decimal("0.00")),
    ]  # fmt: skip


class TestAsking:
    def ask(self, company: Company, kind: str, period: str, **changes: Any) -> Any:
        first, last = periods.period(period)
        wanted = {"requested_by": "ana", "first": first, "last": last, "kind": kind, **changes}
        return request_export(company, **wanted, now=clock.now())

    def test_a_quarter_without_invoices_is_a_return_of_zeros(self, company: Company) -> None:
        lines = book(company, "303", "2026-Q1")
        assert filled(lines) == {}
        assert book(company, "349", "2026-Q1")[1:] == [
            ["Resumen", "0", "", "", "0,00", "", "", "", ""], ["Resumen", "0", "", "", "", "", "", "0,00", ""],
        ]  # fmt: skip
        assert book(company, "369", "2026-Q1")[1:] == [["Total", "", "", "0,00", "0,00", "", ""]]
        with pytest.raises(AssertionError, match="No hay ninguna factura"):
            book(company, "libro", "2026-Q1")

    def test_books_of_a_day_do_not_stand_in_each_others_way(self, company: Company) -> None:
        declare(company, "F1", day(1, 15), row("100", "21", "21"))
        first = self.ask(company, "303", "2026-Q1")
        assert self.ask(company, "303", "2026-Q1") == (first.id, False)
        assert self.ask(company, "303", "2026-Q2").created
        assert self.ask(company, "libro", "2026").created
        assert self.ask(company, "facturas", "2026-01").created
        bench.drain()
        # finished: asked again it is made again, of what is there now
        declare(company, "F1", day(1, 16), row("1", "21", "0.21"))
        again = self.ask(company, "303", "2026-Q1", email="ana@encina.example")
        assert again.created
        bench.drain()
        made = Export.objects.get(pk=again.id)
        assert (made.kind, made.invoices, made.file_stem) == (
            "303", 2, "modelo-303-2026-01-01-2026-03-31-simulator",
        )  # fmt: skip
        (letter,) = mail.outbox
        assert "Modelo 303: listo" in letter.subject
        assert "Facturas leídas: 2" in letter.body
        assert list(damaged_exports(company, Path(_documents()))) == []

    @pytest.mark.parametrize(
        ("kind", "period", "remedy"),
        [("303", "2026", "a month"), ("349", "2026", "a quarter"), ("369", "2026-01", "a quarter"),
         ("390", "2026-Q1", "a year"), ("347", "2026", "there are facturas, libro, 303")],
    )  # fmt: skip
    def test_each_return_has_its_own_periods(self, company: Company, kind: str, period: str, remedy: str) -> None:
        with pytest.raises(ValueError, match=remedy):
            self.ask(company, kind, period)
        assert not Process.objects.exists()

    def test_english_headers(self, company: Company) -> None:
        lines = book(company, "303", "2026-Q1", language="en")
        assert lines[0] == ["Box", "What it is", "Amount", "Source", "Unconfirmed"]
        assert ["59", "Intra-Community supplies of goods and services", "0,00"] in [line[:3] for line in lines]


def _documents() -> str:
    from django.conf import settings

    return str(settings.DOCUMENTS_DIR)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("2027-02", date(2027, 2, 1), date(2027, 2, 28)), ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
     ("2027-Q1", date(2027, 1, 1), date(2027, 3, 31)), ("2027-Q4", date(2027, 10, 1), date(2027, 12, 31)),
     ("2027", date(2027, 1, 1), date(2027, 12, 31))],
)  # fmt: skip
def test_periods(name: str, first: date, last: date) -> None:
    assert periods.period(name) == (first, last)
    span = periods.span(first, last)
    assert periods.name(first, span) == name
    assert periods.around(last, span) == (first, last)


@pytest.mark.parametrize("text", ["", "27", "2027-13", "2027-Q5", "2027-1", "2027-q1", "0000", "2027-01-01"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a month as 2027-03"):
        periods.period(text)


@pytest.mark.parametrize(
    ("num_serie", "series", "number"),
    [
        ("A2027-000012", "A2027-", "000012"),
        ("TIENDA", "", "TIENDA"),
        ("12", "", "12"),
        ("TIENDA-DE-LA-CALLE-MAYOR2027-000012", "TIENDA-DE-LA-CALLE-M", "AYOR2027-000012"),
        ("TIENDA-DE-LA-CALLE-MAYOR-DE-", "TIENDA-D", "E-LA-CALLE-MAYOR-DE-"),
    ],
)
def test_series_and_number_are_the_records_own_text(num_serie: str, series: str, number: str) -> None:
    assert split(num_serie) == (series, number)
    assert series + number == num_serie
