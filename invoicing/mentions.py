"""The legal texts that an invoice must bear, by key, in the languages of its page (RD 1619/2012 art. 6.1.j to p).

An exemption names its article or says that there is one; special regimes are named with the law's own words.
"""

LANGUAGES = ("es", "en", "ca", "fr", "de")

MENTIONS: dict[str, tuple[str, str, str, str, str]] = {
    # Goods that leave the territory of the tax
    "export_canarias": (
        "Operación exenta de IVA: entrega con destino a Canarias (art. 21 de la Ley 37/1992).",
        "Exempt from IVA: supply dispatched to the Canary Islands (art. 21 of Law 37/1992).",
        "Operació exempta d'IVA: lliurament amb destinació a les Canàries (art. 21 de la Llei 37/1992).",
        "Opération exonérée d'IVA : livraison à destination des Canaries (art. 21 de la loi 37/1992).",
        "Von der IVA befreit: Lieferung auf die Kanarischen Inseln (Art. 21 des Gesetzes 37/1992).",
    ),
    "export_ceuta": (
        "Operación exenta de IVA: entrega con destino a Ceuta (art. 21 de la Ley 37/1992).",
        "Exempt from IVA: supply dispatched to Ceuta (art. 21 of Law 37/1992).",
        "Operació exempta d'IVA: lliurament amb destinació a Ceuta (art. 21 de la Llei 37/1992).",
        "Opération exonérée d'IVA : livraison à destination de Ceuta (art. 21 de la loi 37/1992).",
        "Von der IVA befreit: Lieferung nach Ceuta (Art. 21 des Gesetzes 37/1992).",
    ),
    "export_melilla": (
        "Operación exenta de IVA: entrega con destino a Melilla (art. 21 de la Ley 37/1992).",
        "Exempt from IVA: supply dispatched to Melilla (art. 21 of Law 37/1992).",
        "Operació exempta d'IVA: lliurament amb destinació a Melilla (art. 21 de la Llei 37/1992).",
        "Opération exonérée d'IVA : livraison à destination de Melilla (art. 21 de la loi 37/1992).",
        "Von der IVA befreit: Lieferung nach Melilla (Art. 21 des Gesetzes 37/1992).",
    ),
    "export": (
        "Operación exenta de IVA: exportación (art. 21 de la Ley 37/1992).",
        "Exempt from IVA: export (art. 21 of Law 37/1992).",
        "Operació exempta d'IVA: exportació (art. 21 de la Llei 37/1992).",
        "Opération exonérée d'IVA : exportation (art. 21 de la loi 37/1992).",
        "Von der IVA befreit: Ausfuhr (Art. 21 des Gesetzes 37/1992).",
    ),
    "igic_export": (
        "Operación exenta de IGIC: entrega con destino fuera de Canarias (art. 11 de la Ley 20/1991).",
        "Exempt from IGIC: supply dispatched outside the Canary Islands (art. 11 of Law 20/1991).",
        "Operació exempta d'IGIC: lliurament amb destinació fora de les Canàries (art. 11 de la Llei 20/1991).",
        "Opération exonérée d'IGIC : livraison hors des Canaries (art. 11 de la loi 20/1991).",
        "Vom IGIC befreit: Lieferung nach außerhalb der Kanarischen Inseln (Art. 11 des Gesetzes 20/1991).",
    ),
    "ipsi_export": (
        "Operación exenta de IPSI: exportación (art. 8 de la Ley 8/1991).",
        "Exempt from IPSI: export (art. 8 of Law 8/1991).",
        "Operació exempta d'IPSI: exportació (art. 8 de la Llei 8/1991).",
        "Opération exonérée d'IPSI : exportation (art. 8 de la loi 8/1991).",
        "Vom IPSI befreit: Ausfuhr (Art. 8 des Gesetzes 8/1991).",
    ),
    "intra_eu": (
        "Operación exenta de IVA: entrega intracomunitaria (art. 25 de la Ley 37/1992).",
        "Exempt from IVA: intra-Community supply (art. 25 of Law 37/1992; art. 138 of Directive 2006/112/EC).",
        "Operació exempta d'IVA: lliurament intracomunitari (art. 25 de la Llei 37/1992).",
        "Opération exonérée d'IVA : livraison intracommunautaire (art. 138 de la directive 2006/112/CE).",
        "Von der IVA befreit: innergemeinschaftliche Lieferung (Art. 138 der Richtlinie 2006/112/EG).",
    ),
    # Not subject
    "elsewhere": (
        "Operación no sujeta por las reglas de localización (arts. 69 y 70 de la Ley 37/1992).",
        "Not subject to IVA: the place of supply is elsewhere (arts. 69 and 70 of Law 37/1992).",
        "Operació no subjecta per les regles de localització (arts. 69 i 70 de la Llei 37/1992).",
        "Opération non soumise à l'IVA : lieu de la prestation à l'étranger (arts. 69 et 70 de la loi 37/1992).",
        "Nicht steuerbar: Leistungsort im Ausland (Art. 69 und 70 des Gesetzes 37/1992).",
    ),
    "elsewhere_igic": (
        "Operación no sujeta a IGIC por las reglas de localización (art. 17 de la Ley 20/1991).",
        "Not subject to IGIC: the place of supply is elsewhere (art. 17 of Law 20/1991).",
        "Operació no subjecta a IGIC per les regles de localització (art. 17 de la Llei 20/1991).",
        "Opération non soumise à l'IGIC : lieu de la prestation hors des Canaries (art. 17 de la loi 20/1991).",
        "Nicht dem IGIC unterworfen: Leistungsort außerhalb (Art. 17 des Gesetzes 20/1991).",
    ),
    "elsewhere_ipsi": (
        "Operación no sujeta a IPSI por las reglas de localización (Ley 8/1991).",
        "Not subject to IPSI: the place of supply is elsewhere (Law 8/1991).",
        "Operació no subjecta a IPSI per les regles de localització (Llei 8/1991).",
        "Opération non soumise à l'IPSI : lieu de la prestation ailleurs (loi 8/1991).",
        "Nicht dem IPSI unterworfen: Leistungsort außerhalb (Gesetz 8/1991).",
    ),
    "oss": (
        "IVA del Estado miembro de consumo, declarado por la ventanilla única (régimen de la Unión, OSS).",
        "VAT of the member state of consumption, declared through the One Stop Shop (Union scheme, OSS).",
        "IVA de l'Estat membre de consum, declarat per la finestreta única (règim de la Unió, OSS).",
        "TVA de l'État membre de consommation, déclarée par le guichet unique (régime de l'Union, OSS).",
        "Mehrwertsteuer des Verbrauchsmitgliedstaats, über die einzige Anlaufstelle erklärt (EU-Regelung, OSS).",
    ),
    "not_subject": (
        "Operación no sujeta (art. 7 de la Ley 37/1992).",
        "Not subject to IVA (art. 7 of Law 37/1992).",
        "Operació no subjecta (art. 7 de la Llei 37/1992).",
        "Opération non soumise à l'IVA (art. 7 de la loi 37/1992).",
        "Nicht steuerbar (Art. 7 des Gesetzes 37/1992).",
    ),
    "not_subject_other": (
        "Operación no sujeta.", "Not subject to tax.", "Operació no subjecta.", "Opération non soumise à la taxe.",
        "Nicht steuerbar.",
    ),
    # Others
    "reverse_charge": (
        "Inversión del sujeto pasivo.", "Reverse charge.", "Inversió del subjecte passiu.", "Autoliquidation.",
        "Steuerschuldnerschaft des Leistungsempfängers.",
    ),
    "used_goods": (
        "Régimen especial de los bienes usados.", "Margin scheme: second-hand goods.",
        "Règim especial dels béns usats.", "Régime particulier - Biens d'occasion.",
        "Gebrauchtgegenstände/Sonderregelung.",
    ),
    "cash_accounting": (
        "Régimen especial del criterio de caja.", "Cash accounting.", "Règim especial del criteri de caixa.",
        "Comptabilité de caisse.", "Besteuerung nach vereinnahmten Entgelten.",
    ),
    "retail_trader": (
        "Comerciante minorista: entrega exenta de IGIC.", "Retail trader: supply exempt from IGIC.",
        "Comerciant minorista: lliurament exempt d'IGIC.", "Commerçant détaillant : livraison exonérée d'IGIC.",
        "Einzelhändler: vom IGIC befreite Lieferung.",
    ),
    "small_business": (
        "Operación exenta de IGIC: régimen especial del pequeño empresario o profesional.",
        "Exempt from IGIC: special scheme for small businesses.",
        "Operació exempta d'IGIC: règim especial del petit empresari o professional.",
        "Opération exonérée d'IGIC : régime particulier des petites entreprises.",
        "Vom IGIC befreit: Sonderregelung für Kleinunternehmen.",
    ),
    "exempt_E1": (
        "Operación exenta de IVA (art. 20 de la Ley 37/1992).", "Exempt from IVA (art. 20 of Law 37/1992).",
        "Operació exempta d'IVA (art. 20 de la Llei 37/1992).", "Opération exonérée d'IVA (art. 20 de la loi 37/1992).",
        "Von der IVA befreit (Art. 20 des Gesetzes 37/1992).",
    ),
    "exempt_E3": (
        "Operación exenta de IVA (art. 22 de la Ley 37/1992).", "Exempt from IVA (art. 22 of Law 37/1992).",
        "Operació exempta d'IVA (art. 22 de la Llei 37/1992).", "Opération exonérée d'IVA (art. 22 de la loi 37/1992).",
        "Von der IVA befreit (Art. 22 des Gesetzes 37/1992).",
    ),
    "exempt_E4": (
        "Operación exenta de IVA (arts. 23 y 24 de la Ley 37/1992).",
        "Exempt from IVA (arts. 23 and 24 of Law 37/1992).",
        "Operació exempta d'IVA (arts. 23 i 24 de la Llei 37/1992).",
        "Opération exonérée d'IVA (arts. 23 et 24 de la loi 37/1992).",
        "Von der IVA befreit (Art. 23 und 24 des Gesetzes 37/1992).",
    ),
    "exempt": (
        "Operación exenta.", "Exempt supply.", "Operació exempta.", "Opération exonérée.", "Steuerbefreite Leistung.",
    ),
}  # fmt: skip
"""Key -> the text in each of LANGUAGES."""


def mention(key: str, language: str = "es") -> str:
    """Return the text of a key, in Spanish for languages that it lacks; a text that is no key stands for itself."""
    texts = MENTIONS.get(key)
    if texts is None:
        return key
    return texts[LANGUAGES.index(language)] if language in LANGUAGES else texts[0]
