"""The boxes of modelos 303 and 390 in the order of the forms, with their names and where each is known from.

Numbers, names and the forms' own rates: the AEAT's record designs DR303e26 v1.01 and DR390 v1.03, seen in copies that
others publish; the form's page 3 in Orden HAC/819/2024 (BOE 05/08/2024). `unconfirmed` says what was not found in them:
which codes of a record belong to the box.
"""

from invoicing.books.boxes import Box

_303, _HAC = "DR303e26", "Orden HAC/819/2024"
_390 = "DR390 v1.03"
_SALES_ONLY = "suma de lo que llenan las ventas; faltan las casillas de compras"

BOXES_303 = (
    Box("150", "Régimen general, 0 %: base", "General regime, 0 %: base"),
    Box("151", "Régimen general, 0 %: tipo", "General regime, 0 %: rate", rate="0,00"),
    Box("152", "Régimen general, 0 %: cuota", "General regime, 0 %: tax"),
    Box("165", "Régimen general, 2 %: base", "General regime, 2 %: base"),
    Box("167", "Régimen general, 2 %: cuota", "General regime, 2 %: tax"),
    Box("01", "Régimen general, 4 %: base", "General regime, 4 %: base"),
    Box("02", "Régimen general, 4 %: tipo", "General regime, 4 %: rate", rate="4,00"),
    Box("03", "Régimen general, 4 %: cuota", "General regime, 4 %: tax"),
    Box("153", "Régimen general, 5 y 7,5 %: base", "General regime, 5 and 7.5 %: base"),
    Box("155", "Régimen general, 5 y 7,5 %: cuota", "General regime, 5 and 7.5 %: tax"),
    Box("04", "Régimen general, 10 %: base", "General regime, 10 %: base"),
    Box("05", "Régimen general, 10 %: tipo", "General regime, 10 %: rate", rate="10,00"),
    Box("06", "Régimen general, 10 %: cuota", "General regime, 10 %: tax"),
    Box("07", "Régimen general, 21 %: base", "General regime, 21 %: base"),
    Box("08", "Régimen general, 21 %: tipo", "General regime, 21 %: rate", rate="21,00"),
    Box("09", "Régimen general, 21 %: cuota", "General regime, 21 %: tax"),
    Box("14", "Modificación de bases y cuotas: base", "Modification of bases and tax: base"),
    Box("15", "Modificación de bases y cuotas: cuota", "Modification of bases and tax: tax"),
    Box("156", "Recargo de equivalencia, 1,75 %: base", "Equivalence surcharge, 1.75 %: base"),
    Box("157", "Recargo de equivalencia, 1,75 %: tipo", "Equivalence surcharge, 1.75 %: rate", rate="1,75"),
    Box("158", "Recargo de equivalencia, 1,75 %: cuota", "Equivalence surcharge, 1.75 %: surcharge"),
    Box("168", "Recargo de equivalencia, 0,5 %: base", "Equivalence surcharge, 0.5 %: base"),
    Box("169", "Recargo de equivalencia, 0,5 %: tipo", "Equivalence surcharge, 0.5 %: rate", rate="0,50"),
    Box("170", "Recargo de equivalencia, 0,5 %: cuota", "Equivalence surcharge, 0.5 %: surcharge"),
    Box("16", "Recargo de equivalencia, 0, 0,62 y 1 %: base", "Equivalence surcharge, 0, 0.62 and 1 %: base"),
    Box("18", "Recargo de equivalencia, 0, 0,62 y 1 %: cuota", "Equivalence surcharge, 0, 0.62 and 1 %: surcharge"),
    Box("19", "Recargo de equivalencia, 1,4 %: base", "Equivalence surcharge, 1.4 %: base"),
    Box("20", "Recargo de equivalencia, 1,4 %: tipo", "Equivalence surcharge, 1.4 %: rate", rate="1,40"),
    Box("21", "Recargo de equivalencia, 1,4 %: cuota", "Equivalence surcharge, 1.4 %: surcharge"),
    Box("22", "Recargo de equivalencia, 5,2 %: base", "Equivalence surcharge, 5.2 %: base"),
    Box("23", "Recargo de equivalencia, 5,2 %: tipo", "Equivalence surcharge, 5.2 %: rate", rate="5,20"),
    Box("24", "Recargo de equivalencia, 5,2 %: cuota", "Equivalence surcharge, 5.2 %: surcharge"),
    Box("25", "Modificación del recargo: base", "Modification of the surcharge: base"),
    Box("26", "Modificación del recargo: cuota", "Modification of the surcharge: surcharge"),
    Box("27", "Total cuota devengada, sin las casillas 11 y 13 (compras)",
        "Total tax due, without boxes 11 and 13 (purchases)", _303, _SALES_ONLY),
    Box("59", "Entregas intracomunitarias de bienes y servicios",
        "Intra-Community supplies of goods and services", _HAC),
    Box("60", "Exportaciones y operaciones asimiladas", "Exports and operations treated as exports", _HAC,
        "los arts. 22 a 24 (E3 y E4) se cuentan aquí"),
    Box("120", "No sujetas por reglas de localización (excepto las de la casilla 123)",
        "Not subject by rules of location (except those of box 123)", _HAC),
    Box("122", "Sujetas con inversión del sujeto pasivo", "Subject, with reverse charge", _HAC),
    Box("123", "No sujetas por reglas de localización, acogidas a ventanilla única",
        "Not subject by rules of location, in the one-stop shop", _HAC),
    Box("124", "Sujetas y acogidas a ventanilla única", "Subject, in the one-stop shop", _HAC),
    Box("62", "Criterio de caja, por la regla general de devengo: base", "Cash accounting, by the general rule: base",
        _303, "los cobros no se conocen aquí: las casillas 01 a 09 de estas operaciones se rellenan a mano"),
    Box("63", "Criterio de caja, por la regla general de devengo: cuota", "Cash accounting, by the general rule: tax",
        _303, "como la casilla 62"),
)  # fmt: skip


def _of_390(
    regime: str, regime_en: str, rows: tuple[tuple[str, str, str], ...], unconfirmed: str = ""
) -> tuple[Box, ...]:
    return tuple(
        box
        for rate, base, tax in rows
        for box in (
            Box(base, f"{regime}, {rate} %: base", f"{regime_en}, {rate} %: base", _390),
            Box(tax, f"{regime}, {rate} %: cuota", f"{regime_en}, {rate} %: tax", _390),
        )
    )


BOXES_390 = (
    *_of_390("Régimen ordinario", "Ordinary regime", (
        ("0", "700", "701"), ("2", "667", "668"), ("4", "01", "02"), ("5", "702", "703"), ("7,5", "669", "670"),
        ("10", "03", "04"), ("21", "05", "06"),
    )),
    *_of_390("Bienes usados", "Used goods", (
        ("0", "712", "713"), ("2", "679", "680"), ("4", "07", "08"), ("5", "714", "715"), ("7,5", "681", "682"),
        ("10", "09", "10"), ("21", "11", "12"),
    )),
    *_of_390("Agencias de viajes", "Travel agencies", (("21", "13", "14"),)),
    Box("29", "Modificación de bases y cuotas: base", "Modification of bases and tax: base", _390),
    Box("30", "Modificación de bases y cuotas: cuota", "Modification of bases and tax: tax", _390),
    Box("31", "Modificación por concurso de acreedores: base", "Modification by insolvency: base", _390),
    Box("32", "Modificación por concurso de acreedores: cuota", "Modification by insolvency: tax", _390),
    Box("33", "Total bases, sin compras", "Total bases, without purchases", _390, _SALES_ONLY),
    Box("34", "Total cuotas de IVA, sin compras", "Total tax, without purchases", _390, _SALES_ONLY),
    *_of_390("Recargo de equivalencia", "Equivalence surcharge", (
        ("0", "663", "664"), ("0,26", "691", "692"), ("0,5", "35", "36"), ("0,62", "665", "666"), ("1", "693", "694"),
        ("1,4", "599", "600"), ("5,2", "601", "602"), ("1,75", "41", "42"),
    )),
    Box("43", "Modificación del recargo: base", "Modification of the surcharge: base", _390),
    Box("44", "Modificación del recargo: cuota", "Modification of the surcharge: surcharge", _390),
    Box("45", "Modificación del recargo por concurso: base", "Modification of the surcharge by insolvency: base", _390),
    Box("46", "Modificación del recargo por concurso: cuota",
        "Modification of the surcharge by insolvency: surcharge", _390),
    Box("47", "Total cuotas de IVA y recargo, sin compras",
        "Total tax and surcharge, without purchases", _390, _SALES_ONLY),
    Box("99", "Volumen: régimen general", "Volume: general regime", _390),
    Box("653", "Volumen: criterio de caja", "Volume: cash accounting", _390),
    Box("103", "Volumen: entregas intracomunitarias de bienes y servicios",
        "Volume: intra-Community supplies of goods and services", _390),
    Box("104", "Volumen: exportaciones y otras exentas con derecho a deducción",
        "Volume: exports and other exempt ones with right of deduction", _390,
        "los arts. 22 a 24 (E3 y E4) se cuentan aquí"),
    Box("105", "Volumen: exentas sin derecho a deducción", "Volume: exempt without right of deduction", _390),
    Box("110", "Volumen: no sujetas por reglas de localización (excepto las de la casilla 126)",
        "Volume: not subject by rules of location (except those of box 126)", _390),
    Box("125", "Volumen: sujetas con inversión del sujeto pasivo", "Volume: subject, with reverse charge", _390),
    Box("126", "Volumen: no sujetas por reglas de localización, acogidas a ventanilla única",
        "Volume: not subject by rules of location, in the one-stop shop", _390),
    Box("127", "Volumen: sujetas y acogidas a ventanilla única", "Volume: subject, in the one-stop shop", _390),
    Box("100", "Volumen: régimen simplificado", "Volume: simplified regime", _390),
    Box("101", "Volumen: agricultura, ganadería y pesca", "Volume: farming and fishing", _390),
    Box("102", "Volumen: minoristas en recargo de equivalencia",
        "Volume: retailers in the equivalence surcharge", _390),
    Box("227", "Volumen: bienes usados, arte y antigüedades", "Volume: used goods, art and antiques", _390,
        "se suma la base declarada, que es el margen"),
    Box("228", "Volumen: agencias de viajes",
        "Volume: travel agencies", _390, "se suma la base declarada, que es el margen"),
    Box("108", "Total volumen de operaciones, sin restar las casillas 106 y 107",
        "Total volume of operations, without taking off boxes 106 and 107", _390, "suma de las casillas anteriores"),
    Box("654", "Criterio de caja, por la regla general de devengo: base",
        "Cash accounting, by the general rule: base", _390),
    Box("655", "Criterio de caja, por la regla general de devengo: cuota",
        "Cash accounting, by the general rule: tax", _390),
)  # fmt: skip
