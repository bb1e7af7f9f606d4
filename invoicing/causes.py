"""Why a corrective invoice corrects, as it is printed on it; the sources are those of `remedies`."""

CAUSES: dict[str, dict[str, str]] = {
    "return": {
        "es": "Devolución de mercancía o de importe (art. 80.Uno y Dos de la Ley 37/1992)",
        "en": "Return of goods or money (art. 80.Uno and Dos of Law 37/1992)",
        "ca": "Devolució de mercaderia o d'import (art. 80.U i Dos de la Llei 37/1992)",
        "fr": "Retour de marchandises ou remboursement (art. 80.Uno et Dos de la loi 37/1992)",
        "de": "Rückgabe von Waren oder Erstattung (Art. 80.Uno und Dos des Gesetzes 37/1992)",
    },
    "cancellation": {
        "es": "Operación sin efecto (art. 80.Dos de la Ley 37/1992)",
        "en": "The operation was cancelled (art. 80.Dos of Law 37/1992)",
        "ca": "Operació sense efecte (art. 80.Dos de la Llei 37/1992)",
        "fr": "Opération annulée (art. 80.Dos de la loi 37/1992)",
        "de": "Der Umsatz wurde rückgängig gemacht (Art. 80.Dos des Gesetzes 37/1992)",
    },
    "edit": {
        "es": "Modificación del pedido (art. 80 de la Ley 37/1992)",
        "en": "The order was changed (art. 80 of Law 37/1992)",
        "ca": "Modificació de la comanda (art. 80 de la Llei 37/1992)",
        "fr": "Commande modifiée (art. 80 de la loi 37/1992)",
        "de": "Die Bestellung wurde geändert (Art. 80 des Gesetzes 37/1992)",
    },
    "amount": {
        "es": "Importe, tipo o cuota determinados incorrectamente (art. 89 de la Ley 37/1992)",
        "en": "Amount, rate or tax was determined wrongly (art. 89 of Law 37/1992)",
        "ca": "Import, tipus o quota determinats incorrectament (art. 89 de la Llei 37/1992)",
        "fr": "Montant, taux ou taxe déterminés incorrectement (art. 89 de la loi 37/1992)",
        "de": "Betrag, Satz oder Steuer waren falsch (Art. 89 des Gesetzes 37/1992)",
    },
    "recipient": {
        "es": "Datos del destinatario o menciones obligatorias (art. 15 del RD 1619/2012)",
        "en": "Data of the recipient or mandatory texts (art. 15 of Royal Decree 1619/2012)",
        "ca": "Dades del destinatari o mencions obligatòries (art. 15 del RD 1619/2012)",
        "fr": "Données du destinataire ou mentions obligatoires (art. 15 du décret royal 1619/2012)",
        "de": "Angaben zum Empfänger oder Pflichtangaben (Art. 15 des Kgl. Dekrets 1619/2012)",
    },
    "insolvency": {
        "es": "Concurso del destinatario (art. 80.Tres de la Ley 37/1992)",
        "en": "Insolvency of the recipient (art. 80.Tres of Law 37/1992)",
        "ca": "Concurs del destinatari (art. 80.Tres de la Llei 37/1992)",
        "fr": "Insolvabilité du destinataire (art. 80.Tres de la loi 37/1992)",
        "de": "Insolvenz des Empfängers (Art. 80.Tres des Gesetzes 37/1992)",
    },
    "bad_debt": {
        "es": "Crédito incobrable (art. 80.Cuatro de la Ley 37/1992)",
        "en": "Bad debt (art. 80.Cuatro of Law 37/1992)",
        "ca": "Crèdit incobrable (art. 80.Quatre de la Llei 37/1992)",
        "fr": "Créance irrécouvrable (art. 80.Cuatro de la loi 37/1992)",
        "de": "Uneinbringliche Forderung (Art. 80.Cuatro des Gesetzes 37/1992)",
    },
    "rebate": {
        "es": "Descuento por volumen (art. 80.Uno de la Ley 37/1992)",
        "en": "Volume rebate (art. 80.Uno of Law 37/1992)",
        "ca": "Descompte per volum (art. 80.U de la Llei 37/1992)",
        "fr": "Remise sur volume (art. 80.Uno de la loi 37/1992)",
        "de": "Mengenrabatt (Art. 80.Uno des Gesetzes 37/1992)",
    },
}
"""Key -> language -> text."""
