"""The words of the printed invoice in five languages.

What the law fixes stays Spanish in every language: the texts of the QR (OM HAC/1177/2024, art. 21) and the mentions of
RD 1619/2012, art. 6, which stand beside their translation.
"""

# ruff: noqa: RUF001 (apostrophes and dashes as these languages write them)

from invoicing.languages import LANGUAGES

_ORDER = tuple(LANGUAGES)
QR_ABOVE = "QR tributario:"
QR_BELOW = "VERI*FACTU"

_WORDS: dict[str, tuple[str, str, str, str, str]] = {
    # es, en, ca, fr, de
    "NIF": ("NIF", "Tax ID (NIF)", "NIF", "NIF", "Steuernummer (NIF)"),
    "VAT no.": ("NIF-IVA", "VAT no.", "NIF-IVA", "N° de TVA", "USt-IdNr."),
    "Cliente": ("Cliente", "Customer", "Client", "Client", "Kunde"),
    "Serie": ("Serie", "Series", "Sèrie", "Série", "Serie"),
    "issued": ("Fecha de expedición", "Date of issue", "Data d’expedició", "Date d’émission", "Rechnungsdatum"),
    "operation": (
        "Fecha de operación", "Date of supply", "Data de l’operació", "Date de l’opération", "Leistungsdatum",
    ),
    "Pedido": ("Pedido", "Order", "Comanda", "Commande", "Bestellung"),
    "Descripción": ("Descripción", "Description", "Descripció", "Désignation", "Beschreibung"),
    "Cantidad": ("Cantidad", "Quantity", "Quantitat", "Quantité", "Menge"),
    "unit price": ("Precio unitario", "Unit price", "Preu unitari", "Prix unitaire", "Einzelpreis"),
    "Descuento": ("Descuento", "Discount", "Descompte", "Remise", "Rabatt"),
    "Importe": ("Importe", "Amount", "Import", "Montant", "Betrag"),
    "without": ("sin {}", "excl. {}", "sense {}", "hors {}", "ohne {}"),
    "IVA": ("IVA", "VAT (IVA)", "IVA", "TVA (IVA)", "MwSt. (IVA)"),
    "IGIC": ("IGIC", "IGIC", "IGIC", "IGIC", "IGIC"),
    "IPSI": ("IPSI", "IPSI", "IPSI", "IPSI", "IPSI"),
    "Impuesto": ("Impuesto", "Tax", "Impost", "Taxe", "Steuer"),
    "taxes": ("impuestos", "tax", "impostos", "taxes", "Steuern"),
    "Ref.": ("Ref.", "Ref.", "Ref.", "Réf.", "Art.-Nr."),
    "Desglose": ("Desglose", "Breakdown", "Desglossament", "Ventilation", "Aufschlüsselung"),
    "base": ("Base imponible", "Taxable amount", "Base imposable", "Base imposable", "Nettobetrag"),
    "Tipo": ("Tipo", "Rate", "Tipus", "Taux", "Satz"),
    "Cuota": ("Cuota", "Tax", "Quota", "Taxe", "Steuer"),
    "Base": ("Base", "Net", "Base", "Total HT", "Netto"),
    "surcharge": (
        "Recargo de equivalencia", "Equivalence surcharge", "Recàrrec d’equivalència", "Surtaxe d’équivalence",
        "Ausgleichszuschlag",
    ),
    "R.E.": ("R.E.", "Surch.", "R.E.", "Surtaxe", "Zuschl."),
    "total": ("Total factura", "Invoice total", "Total factura", "Total facture", "Rechnungsbetrag"),
    "due": ("Total a pagar", "Amount due", "Total a pagar", "Total à payer", "Zahlbetrag"),
    "included": ("{} incluido", "{} included", "{} inclòs", "{} comprise", "{} enthalten"),
    "Exenta": ("Exenta", "Exempt", "Exempta", "Exonéré", "Steuerfrei"),
    "No sujeta": ("No sujeta", "Not subject", "No subjecta", "Non soumis", "Nicht steuerbar"),
    "page": ("Página {} de {}", "Page {} of {}", "Pàgina {} de {}", "Page {} sur {}", "Seite {} von {}"),
    "carried on": ("Suma y sigue", "Carried forward", "Suma i segueix", "À reporter", "Übertrag"),
    "brought": ("Suma anterior", "Brought forward", "Suma anterior", "Report", "Übertrag"),
    "test": ("ENTORNO DE PRUEBAS", "TEST ENVIRONMENT", "ENTORN DE PROVES", "ENVIRONNEMENT DE TEST", "TESTUMGEBUNG"),
    "void": (
        "SIN VALIDEZ FISCAL", "NO FISCAL VALIDITY", "SENSE VALIDESA FISCAL", "SANS VALEUR FISCALE",
        "OHNE STEUERLICHE GÜLTIGKEIT",
    ),
    "duplicate": ("Duplicado", "Duplicate", "Duplicat", "Duplicata", "Zweitschrift"),
    "corrects": (
        "Factura rectificada", "Corrected invoice", "Factura rectificada", "Facture rectifiée", "Berichtigte Rechnung",
    ),
    "correct": (
        "Facturas rectificadas", "Corrected invoices", "Factures rectificades", "Factures rectifiées",
        "Berichtigte Rechnungen",
    ),
    "replaces": (
        "Sustituye a la factura simplificada", "Replaces the simplified invoice", "Substitueix la factura simplificada",
        "Remplace la facture simplifiée", "Ersetzt die Kleinbetragsrechnung",
    ),
    "replace": (
        "Sustituye a las facturas simplificadas", "Replaces the simplified invoices",
        "Substitueix les factures simplificades", "Remplace les factures simplifiées",
        "Ersetzt die Kleinbetragsrechnungen",
    ),
    "of": ("{} de {}", "{} of {}", "{} de {}", "{} du {}", "{} vom {}"),
    "cause": ("Causa", "Reason", "Causa", "Motif", "Grund"),
    "method": ("Rectificación", "Correction", "Rectificació", "Rectification", "Berichtigung"),
    "I": ("por diferencias", "by differences", "per diferències", "par différence", "nach Unterschiedsbeträgen"),
    "S": ("por sustitución", "by substitution", "per substitució", "par substitution", "durch Ersetzung"),
    "replaced": (
        "Importes sustituidos", "Amounts replaced", "Imports substituïts", "Montants remplacés", "Ersetzte Beträge",
    ),
    "difference": (
        "Importe de la rectificación", "Amount of the correction", "Import de la rectificació",
        "Montant de la rectification", "Betrag der Berichtigung",
    ),
    "withholding": (
        "Retención IRPF", "Withholding tax (IRPF)", "Retenció IRPF", "Retenue (IRPF)", "Steuerabzug (IRPF)",
    ),
    "outlay": ("Suplidos", "Outlays", "Bestretes (suplerts)", "Débours", "Auslagen"),
    "advance": ("Anticipos", "Advance payments", "Bestretes rebudes", "Acomptes", "Anzahlungen"),
    "foreign": (
        "{} {} ({}), régimen de ventanilla única", "{} {} ({}), one-stop shop (OSS)", "{} {} ({}), finestreta única",
        "{} {} ({}), guichet unique (OSS)", "{} {} ({}), One-Stop-Shop (OSS)",
    ),
    "with foreign": (
        "Total con impuestos", "Total including tax", "Total amb impostos", "Total taxes comprises",
        "Gesamt mit Steuern",
    ),
    "exchange": (
        "Pedido en {}: {}. Cambio: 1 € = {} {} el {}{}.", "Ordered in {}: {}. Exchange rate: €1 = {} {} on {}{}.",
        "Comanda en {}: {}. Canvi: 1 € = {} {} el {}{}.", "Commande en {} : {}. Taux de change : 1 € = {} {} le {}{}.",
        "Bestellt in {}: {}. Wechselkurs: 1 € = {} {} am {}{}.",
    ),
    "payment": (
        "Pago por transferencia", "Payment by bank transfer", "Pagament per transferència", "Paiement par virement",
        "Zahlung per Überweisung",
    ),
    # Art. 6.1 of RD 1619/2012, articles 226 and 226a of Directive 2006/112/EC; the Spanish is verifactu.codes'.
    "E1": (
        "", "Exempt (art. 20 Spanish VAT Act)", "Exempta per l’art. 20 LIVA", "Exonéré (art. 20 loi TVA espagnole)",
        "Steuerfrei (Art. 20 span. UStG)",
    ),
    "E2": (
        "", "Exempt export (art. 21 Spanish VAT Act)", "Exempta per l’art. 21 LIVA (exportació)",
        "Exportation exonérée (art. 21 loi TVA espagnole)", "Steuerfreie Ausfuhr (Art. 21 span. UStG)",
    ),
    "E3": (
        "", "Exempt (art. 22 Spanish VAT Act)", "Exempta per l’art. 22 LIVA", "Exonéré (art. 22 loi TVA espagnole)",
        "Steuerfrei (Art. 22 span. UStG)",
    ),
    "E4": (
        "", "Exempt (arts. 23–24 Spanish VAT Act)", "Exempta pels arts. 23 i 24 LIVA",
        "Exonéré (art. 23 et 24 loi TVA espagnole)", "Steuerfrei (Art. 23–24 span. UStG)",
    ),
    "E5": (
        "", "Exempt intra-Community supply (art. 25 Spanish VAT Act)",
        "Lliurament intracomunitari exempt (art. 25 LIVA)",
        "Livraison intracommunautaire exonérée (art. 25 loi TVA espagnole)",
        "Steuerfreie innergemeinschaftliche Lieferung (Art. 25 span. UStG)",
    ),
    "E": ("", "Exempt", "Exempta", "Exonéré", "Steuerfrei"),
    "S2": (
        "Inversión del sujeto pasivo", "Reverse charge", "Inversió del subjecte passiu", "Autoliquidation",
        "Steuerschuldnerschaft des Leistungsempfängers",
    ),
    "N1": ("", "Not subject to tax", "No subjecta", "Non soumis à la taxe", "Nicht steuerbar"),
    "N2": (
        "", "Not subject (place of supply rules)", "No subjecta per regles de localització",
        "Non soumis (règles de territorialité)", "Nicht steuerbar (Leistungsort)",
    ),
    "R03": (
        "", "Margin scheme: second-hand goods, works of art, collectors’ items and antiques",
        "Règim especial dels béns usats, objectes d’art, antiguitats i objectes de col·lecció",
        "Régime particulier : biens d’occasion, objets d’art, de collection ou d’antiquité",
        "Sonderregelung für Gebrauchtgegenstände, Kunstgegenstände, Sammlungsstücke und Antiquitäten",
    ),
    "R05": (
        "", "Margin scheme: travel agents", "Règim especial de les agències de viatges",
        "Régime particulier : agences de voyages", "Sonderregelung für Reisebüros",
    ),
    "R07": (
        "", "Cash accounting", "Règim especial del criteri de caixa", "Comptabilité de caisse",
        "Besteuerung nach vereinnahmten Entgelten",
    ),
    # Titles.
    "Factura": ("Factura", "Invoice", "Factura", "Facture", "Rechnung"),
    "Factura simplificada": (
        "Factura simplificada", "Simplified invoice", "Factura simplificada", "Facture simplifiée",
        "Kleinbetragsrechnung",
    ),
    "Factura en sustitución de simplificadas": (
        "Factura en sustitución de simplificadas", "Invoice replacing simplified invoices",
        "Factura en substitució de simplificades", "Facture remplaçant des factures simplifiées",
        "Rechnung anstelle von Kleinbetragsrechnungen",
    ),
    "Factura rectificativa": (
        "Factura rectificativa", "Corrective invoice", "Factura rectificativa", "Facture rectificative",
        "Rechnungskorrektur",
    ),
}  # fmt: skip


def word(key: str, language: str) -> str:
    """Return a text in a language.

    :raises KeyError: for a key or a language that is not here; a page must not print a hole.
    """
    return _WORDS[key][_ORDER.index(language)] if language in LANGUAGES else _WORDS[key][0]


def has(key: str) -> bool:
    """Return whether there is such a text."""
    return key in _WORDS
