"""What a person can do about a code: one remedy for all codes that have the same cause, in our own words."""

from typing import NamedTuple


class Remedy(NamedTuple):
    """What to do, in Spanish and English."""

    es: str
    en: str


REMEDIES: dict[str, Remedy] = {
    "recipient": Remedy(
        "Corrija los datos fiscales del destinatario. Si la factura ya salió con ellos mal, hace falta una "
        "rectificativa.",
        "Correct the recipient's tax data. If the invoice already went out with the wrong ones, rectify it.",
    ),
    "census": Remedy(
        "Compruebe NIF y nombre en el censo de la AEAT. Si la factura los lleva mal, rectifíquela (R4); si están "
        "bien, el cliente debe darse de alta en el censo.",
        "Compare NIF and name with the AEAT's census. If the invoice has them wrong, rectify it (R4); if they are "
        "right, the customer has to register in the census.",
    ),
    "party": Remedy(
        "Revise quién se dice que expidió o anuló la factura y con qué identificador, y subsane el registro.",
        "Look at who is said to have issued or annulled the invoice, and by which identifier, and correct the record.",
    ),
    "amounts": Remedy(
        "Revise bases, tipos, cuotas y total. Si la factura ya salió así, emita una rectificativa; si solo estaba "
        "mal el registro, subsánelo.",
        "Look at bases, rates, taxes and total. If the invoice went out so, rectify it; if only the record was "
        "wrong, correct the record.",
    ),
    "rate": Remedy(
        "Corrija el tipo de impuesto o el recargo de las líneas. Una factura que ya salió con otro se rectifica (R1).",
        "Correct the rate of tax or surcharge of the lines. An invoice that went out with another one is rectified "
        "(R1).",
    ),
    "coding": Remedy(
        "Corrija la clave (régimen, calificación o causa de exención) donde nace: tienda, producto o ajustes. La "
        "factura no cambia: basta subsanar el registro.",
        "Correct the key (regime, qualification or cause of exemption) where it comes from: shop, product or "
        "settings. The invoice stays as it is: correcting the record is enough.",
    ),
    "kind": Remedy(
        "Elija el tipo de documento que corresponde y los datos que pide. Una factura que ya salió con otro se "
        "rectifica.",
        "Choose the kind of document that fits, with the data it asks for. An invoice that went out as another "
        "kind is rectified.",
    ),
    "dates": Remedy(
        "Revise la fecha de operación y el reloj del servidor. Una fecha mal puesta en la factura se rectifica.",
        "Look at the operation date and at the server's clock. A wrong date on the invoice is rectified.",
    ),
    "number": Remedy(
        "Cambie el código de la serie: cifras, letras sin acento y signos corrientes, hasta 60 en total, sin "
        "blancos en los extremos. Una factura que ya salió así se anula y se expide con otro número.",
        "Change the code of the series: digits, unaccented letters and usual signs, 60 at most, no blanks at the "
        "ends. An invoice that went out so is annulled and issued under another number.",
    ),
    "flags": Remedy(
        "Revise cómo se relaciona este registro con los anteriores de su factura y genere el que corresponde.",
        "Look at how this record relates to the earlier ones of its invoice, and make the one that fits.",
    ),
    "system": Remedy(
        "Revise los datos del productor y de la instalación, y que coincidan con la declaración responsable; "
        "después subsane el registro.",
        "Look at the data of producer and installation, which must match the declaración responsable; then correct "
        "the record.",
    ),
    "taxpayer": Remedy(
        "Compruebe el NIF y el nombre de la empresa tal como constan en la AEAT y corríjalos en su ficha.",
        "Compare the company's NIF and name with what the AEAT holds, and correct them on its page.",
    ),
    "representative": Remedy(
        "Compruebe el NIF y el nombre del representante tal como constan en la AEAT.",
        "Compare the representative's NIF and name with what the AEAT holds.",
    ),
    "certificate": Remedy(
        "El certificado debe ser de la empresa, de su apoderado o de un colaborador social. Suba el que "
        "corresponde o tramite el apoderamiento; los registros esperan y salen después sin cambios.",
        "The certificate must be the company's, its attorney's or a colaborador social's. Upload the right one or "
        "arrange the power of attorney; the records wait and go afterwards unchanged.",
    ),
    "suspended": Remedy(
        "Escriba a verifactu@correo.aeat.es y pida que levanten la suspensión. No se envía nada mientras tanto; se "
        "puede seguir facturando.",
        "Write to verifactu@correo.aeat.es and ask for the suspension to be lifted. Nothing is sent meanwhile; "
        "invoicing goes on.",
    ),
    "service": Remedy(
        "El servicio no atiende. Compruebe que el entorno y la dirección son los que tocan; los registros esperan.",
        "The service does not answer to this. Check that environment and address are the right ones; the records wait.",
    ),
    "wait": Remedy(
        "Nada: el fallo es de la AEAT y se reenvía solo. Si dura más de un día, mire el estado de su servicio.",
        "Nothing: the trouble is the AEAT's and it is sent again by itself. If it lasts a day, look at their service.",
    ),
    "software": Remedy(
        "No depende de usted: es un defecto del programa. Avise a quien lo mantiene, con este código y el XML.",
        "It does not depend on you: the program is at fault. Tell whoever maintains it, with this code and the XML.",
    ),
    "query": Remedy(
        "Cambie lo que pide la consulta: período, fechas, sistema o indicadores. No afecta a ningún registro.",
        "Change what the query asks for: period, dates, system or indicators. No record is affected.",
    ),
    "requirement": Remedy(
        "Solo se usa al contestar requerimientos, y este producto no lo hace. Avise a quien lo mantiene.",
        "Only used when a requirement is answered, which this product does not do. Tell whoever maintains it.",
    ),
    "agreement": Remedy(
        "Revise el número del acuerdo o de la autorización, o déjelo vacío, y subsane el registro.",
        "Look at the number of the agreement or authorisation, or leave it empty, and correct the record.",
    ),
    "duplicate": Remedy(
        "Normalmente es el propio registro, cuya respuesta se perdió: se pregunta a la AEAT y se comparan las "
        "huellas. Con otra huella, otro sistema usa la misma numeración: cambie de serie y avise.",
        "Usually it is the record itself, whose answer was lost: the AEAT is asked and the huellas compared. With "
        "another huella, another system uses the same numbers: change the series and tell whoever runs it.",
    ),
    "annulled": Remedy(
        "La factura ya consta anulada. Si debía estarlo, no hay nada que hacer; si no, reactívela con una subsanación.",
        "The invoice is already annulled there. If it should be, nothing is left to do; if not, reactivate it by a "
        "correction.",
    ),
    "missing": Remedy(
        "La AEAT no tiene la factura. Envíe antes su alta, o anule indicando que no hay registro previo.",
        "The AEAT does not hold the invoice. Send its alta first, or annul saying that there is no previous record.",
    ),
    "form": Remedy(
        "La factura se cambió a mano en la sede de la AEAT: desde aquí no se puede tocar. Resuélvalo allí.",
        "The invoice was changed by hand on the AEAT's site: it cannot be touched from here. Settle it there.",
    ),
    "permission": Remedy(
        "Quien envía no puede cambiar ese registro. Envíe con el certificado de quien lo presentó o con poder para "
        "ello.",
        "Whoever sends may not change that record. Send with the certificate of whoever filed it, or with power to.",
    ),
    "huella": Remedy(
        "Alguien cambió el registro o el programa calcula mal: pase «verify_ledger», avise a quien lo mantiene y "
        "subsane después el registro. El original queda como está.",
        "Somebody changed the record or the program computes wrongly: run verify_ledger, tell whoever maintains "
        "it, and correct the record afterwards. The original stays as it is.",
    ),
    "chain": Remedy(
        "La cadena no enlaza como espera la AEAT, por ejemplo tras restaurar una copia. Pase «verify_ledger» y "
        "«reconcile_aeat» antes de seguir, y subsane el registro.",
        "The chain does not link as the AEAT expects, for instance after a restore. Run verify_ledger and "
        "reconcile_aeat before going on, and correct the record.",
    ),
    "clock": Remedy(
        "Ponga en hora el servidor (NTP) y compruebe que los envíos salen a tiempo.",
        "Set the server's clock (NTP) and see that submissions leave in time.",
    ),
    "ipsi": Remedy(
        "Ponga la clave de régimen del IPSI: desde 2027 sin ella se rechaza.",
        "Set the regime of IPSI: from 2027 on it is rejected without.",
    ),
    "regime_of_vat_numbers": Remedy(
        "Corrija el NIF-IVA del destinatario y compruebe en VIES que está dado de alta.",
        "Correct the recipient's VAT number and check in VIES that it is registered.",
    ),
}
"""name -> remedy."""
