"""What the API's document says in prose, in both languages: its introduction and the meaning of every field."""

from invoicing.answers import fields_of
from invoicing.api.problems import Said
from invoicing.api.process_texts import PROCESS_FIELDS
from invoicing.holds import Action

INTRODUCTION = Said(
    "Envíe pedidos, siga cada uno hasta su factura y lea lo que respondió la AEAT.\n\n"
    "**Clave.** Cada petición lleva `Authorization: Bearer enc_…`. La clave es de una empresa y de una conexión, tiene "
    "permisos, y se muestra una sola vez al crearla.\n\n"
    "**Repetir.** Cada POST lleva `Idempotency-Key`. Si no llegó la respuesta, repita la petición igual: se contesta "
    "lo mismo y no se hace nada dos veces.\n\n"
    "**Importes** son textos con dos decimales, en euros. **Instantes** llevan su huso (RFC 3339). **Listas** van de "
    "lo más nuevo a lo más antiguo; siga `next` hasta que sea null.\n\n"
    "**Errores** son `application/problem+json` (RFC 9457). Decida por `code`; `title` y `detail` son para personas, "
    "en español o, con `Accept-Language: en`, en inglés.",
    "Send orders, follow each to its invoice, and read what the AEAT answered.\n\n"
    "**Key.** Every request carries `Authorization: Bearer enc_…`. A key belongs to one company and one connection, "
    "has scopes, and is shown once, when it is made.\n\n"
    "**Repeating.** Every POST carries `Idempotency-Key`. If no answer came, repeat the request unchanged: the answer "
    "is the same and nothing is done twice.\n\n"
    "**Amounts** are texts with two decimals, in euros. **Moments** have their offset (RFC 3339). **Lists** go from "
    "newest to oldest; follow `next` until it is null.\n\n"
    "**Errors** are `application/problem+json` (RFC 9457). Decide by `code`; `title` and `detail` are for people, in "
    "Spanish or, with `Accept-Language: en`, in English.",
)

FIELDS = {
    **PROCESS_FIELDS,
    **{
        f"ResolutionBody.{name}": Said(f"{field.label.es}, con {', '.join(takers)}.",
                                       f"{field.label.en}, with {', '.join(takers)}.")
        for name, (field, takers) in fields_of(Action).items()
    },
    **{
        f"{name.capitalize()}.{part.name}": Said(f"{part.label.es}.", f"{part.label.en}.")
        for name, (field, _) in fields_of(Action).items()
        for part in field.parts
    },
    # --- what a client sends
    "OrderBody.id": Said(
        "Identidad del pedido en su sistema. Otra petición con el mismo id es otra versión del mismo pedido.",
        "The order's identity in your system. Another request with the same id is another version of that order."),
    "OrderBody.number": Said("El número que ve el comprador; si falta, el id.",
                             "The number that the buyer sees; the id when absent."),
    "OrderBody.placed_at": Said(
        "Cuándo se hizo el pedido. Antes de la fecha «facturar desde» de la conexión, se guarda y no se factura.",
        "When the order was placed. Before the connection's cut-over it is kept and never invoiced."),
    "OrderBody.updated_at": Said("Cuándo cambió por última vez: la versión más reciente es la que vale.",
                                 "When it last changed: the latest version is the one that counts."),
    "OrderBody.currency": Said("ISO 4217. Se factura en EUR.", "ISO 4217. Invoices are in EUR."),
    "OrderBody.prices_include_tax": Said("Si los importes de las líneas llevan el impuesto dentro.",
                                         "Whether the amounts of the lines hold the tax."),
    "OrderBody.paid": Said("Si está pagado. Solo lo pagado se factura.", "Whether it is paid. Only what is paid is "
                           "invoiced."),
    "OrderBody.paid_at": Said("Cuándo se pagó.", "When it was paid."),
    "OrderBody.cancelled": Said("Si se anuló.", "Whether it was cancelled."),
    "OrderBody.test": Said("Un pedido de prueba: se guarda y no se factura.", "A test order: kept, never invoiced."),
    "OrderBody.buyer": Said("Quién compra.", "Who buys."),
    "OrderBody.ship_to": Said("Adónde va, si no es la dirección del comprador.",
                              "Where it goes, if not to the buyer's address."),
    "OrderBody.lines": Said("De 1 a 1000 líneas; los portes son una línea de kind shipping.",
                            "1 to 1000 lines; shipping is a line of kind shipping."),
    "OrderBody.total": Said("Lo que pagó el comprador, impuesto incluido. La factura lo conserva al céntimo.",
                            "What the buyer paid, tax included. The invoice keeps it to the cent."),
    "OrderBody.total_tax": Said("El impuesto que contiene, para comparar.", "The tax in it, for comparison."),
    "OrderBody.discount": Said("Descuento de todo el pedido que no está en ninguna línea, en positivo; se reparte.",
                               "Discount on the whole order that is in no line, positive; it is spread."),
    "OrderBody.shipped_at": Said("Cuándo se envió.", "When it was shipped."),
    "OrderBody.delivered_at": Said("Cuándo se entregó.", "When it was delivered."),
    "OrderBody.language": Said("El idioma del comprador, ISO 639-1.", "The buyer's language, ISO 639-1."),
    "OrderBody.refunds": Said("Lo devuelto hasta ahora.", "What was paid back so far."),
    "OrderBody.sales_channel": Said("Por qué canal se vendió.", "Through which channel it was sold."),
    "OrderBody.invoiced_elsewhere": Said("Número que ya le dio otro sistema de facturación.",
                                         "Number that another invoicing system already gave it."),
    "LineBody.id": Said("Identidad de la línea; la misma en la devolución dice de qué línea es.",
                        "The line's identity; the same one in a refund says of which line it is."),
    "LineBody.surcharge_rate": Said("Recargo de equivalencia junto a tax_rate, en %, por ejemplo 5.2.",
                                    "Recargo de equivalencia beside tax_rate, in percent, for instance 5.2."),
    "LineBody.untaxed_because": Said("Por qué no lleva impuesto: E1…, S2, N1, N2 o reverse_charge.",
                                     "Why no tax was charged: E1…, S2, N1, N2, or reverse_charge."),
    "LineBody.description": Said("Lo que se imprime en la factura.", "What is printed on the invoice."),
    "LineBody.sku": Said("Referencia del artículo.", "The article's reference."),
    "LineBody.kind": Said("Qué es la línea.", "What the line is."),
    "LineBody.quantity": Said("Cantidad, hasta cuatro decimales.", "Quantity, up to four decimals."),
    "LineBody.unit_price": Said("Precio de una unidad antes del descuento, hasta seis decimales.",
                                "Price of one unit before the discount, up to six decimals."),
    "LineBody.discount": Said("Descuento de toda la línea.", "Discount on the whole line."),
    "LineBody.amount": Said("quantity x unit_price - discount, al céntimo.",
                            "quantity x unit_price - discount, to the cent."),
    "LineBody.tax_rate": Said(
        "Tipo en %, por ejemplo 21. null es «sin impuesto declarado», que no es lo mismo que 0.",
        "Rate in percent, for instance 21. null means that no tax was declared, which is not 0."),
    "BuyerBody.name": Said("Nombre y apellidos.", "Name of the person."),
    "BuyerBody.company": Said("Razón social.", "Name of the company."),
    "BuyerBody.tax_id": Said("NIF. Con él y un nombre se emite factura completa (F1); sin él, simplificada (F2).",
                             "NIF. With it and a name the invoice is complete (F1); without it, simplified (F2)."),
    "BuyerBody.email": Said("Adónde se envía el PDF.", "Where the PDF is mailed."),
    "BuyerBody.address": Said("Dirección fiscal.", "Fiscal address."),
    "AddressBody.lines": Said("Calle, número, piso.", "Street, number, floor."),
    "AddressBody.postal_code": Said("Código postal.", "Postal code."),
    "AddressBody.city": Said("Población.", "Town."),
    "AddressBody.province": Said("Provincia.", "Province."),
    "AddressBody.province_code": Said("Código de la provincia (GC, TF, CE, ML deciden el impuesto).",
                                      "Code of the province (GC, TF, CE, ML decide the tax)."),
    "AddressBody.country": Said("ISO 3166-1, dos letras.", "ISO 3166-1, two letters."),
    "RefundBody.id": Said("Identidad de la devolución en su sistema.", "The refund's identity in your system."),
    "RefundBody.total": Said("Lo devuelto, en positivo.", "What went back, as a positive amount."),
    "RefundBody.created_at": Said("Cuándo se devolvió.", "When it went back."),
    "RefundBody.reason": Said("Por qué.", "Why."),
    "RefundBody.lines": Said(
        "De qué es, en positivo. Sin líneas, o por lo que estas no alcancen, es solo dinero y se reparte.",
        "What it is for, in positive figures. Without lines, or beyond them, it is money alone and is spread."),
    "ResolutionBody.process": Said("El proceso retenido, como lo nombra hold.process.",
                                   "The held process, as hold.process names it."),
    "ResolutionBody.action": Said("Una de hold.actions.", "One of hold.actions."),
    # --- what it is answered
    "Page.data": Said("Lo que hay en esta página.", "What this page holds."),
    "Page.has_more": Said("Si hay otra página.", "Whether there is another page."),
    "Page.next": Said("La dirección de la página siguiente; null en la última.",
                      "The address of the next page; null on the last."),
    "AcceptedOrder.id": Said("Identidad del pedido aquí, la misma para siempre.",
                             "The order's identity here, the same for ever."),
    "AcceptedOrder.status": Said("queued: guardado, y se leerá enseguida.", "queued: kept, and read in a moment."),
    "AcceptedOrder.external_id": Said("El id que usted envió.", "The id that you sent."),
    "AcceptedOrder.delivery": Said("El justificante de esta petición.", "The receipt of this request."),
    "AcceptedOrder.url": Said("Dónde seguirlo; es lo que dice Location.", "Where to follow it; what Location says."),
    "OrderResource.id": Said("Identidad del pedido aquí.", "The order's identity here."),
    "OrderResource.external_id": Said("Su identidad en la tienda o en su sistema.",
                                      "Its identity in the shop, or in your system."),
    "OrderResource.number": Said("El número que ve el comprador; vacío hasta que se lee.",
                                 "The number that the buyer sees; empty until it is read."),
    "OrderResource.platform": Said("De dónde vino.", "Where it came from."),
    "OrderResource.state": Said(
        "open: en curso · held: espera a una persona · invoiced: facturado · corrected: rectificado · cancelled: "
        "anulado antes de facturar · ignored: no se factura.",
        "open: under way · held: waits for a person · invoiced · corrected · cancelled before any invoice · ignored: "
        "not to be invoiced."),
    "OrderResource.version": Said("Cuántas versiones se han leído; 0: aún ninguna.",
                                  "How many versions were read; 0: none yet."),
    "OrderResource.buyer": Said("Quién compra.", "Who buys."),
    "OrderResource.total": Said("Total de la versión que vale.", "Total of the version that counts."),
    "OrderResource.updated_at": Said("La versión que vale, según la tienda.",
                                     "The version that counts, as the shop dates it."),
    "OrderResource.received_at": Said("Cuándo supimos de él.", "When we first heard of it."),
    "OrderResource.hold": Said("Por qué espera a una persona, si espera.", "Why it waits for a person, if it does."),
    "OrderResource.invoices": Said("Lo emitido por él.", "What was issued for it."),
    "OrderResource.url": Said("Su dirección.", "Its address."),
    "HoldResource.process": Said("El proceso que espera; se nombra al resolver.",
                                 "The process that waits; named when resolving."),
    "HoldResource.version": Said("La versión del pedido por la que pregunta.",
                                 "The version of the order that it asks about."),
    "HoldResource.kind": Said(
        "question: espera una respuesta · failure, poison: el personal lo reanuda en la administración.",
        "question: waits for an answer · failure, poison: staff resume it in the admin."),
    "HoldResource.code": Said("Por qué, para programas.", "Why, for programs."),
    "HoldResource.message": Said("Por qué, y qué hacer.", "Why, and what to do."),
    "HoldResource.missing": Said("Lo que falta (en español).", "What is missing (in Spanish)."),
    "HoldResource.actions": Said("Lo que se puede responder.", "What may be answered."),
    "HoldResource.since": Said("Desde cuándo.", "Since when."),
    "IssuedResource.id": Said("La factura.", "The invoice."),
    "IssuedResource.number": Said("Su número.", "Its number."),
    "IssuedResource.tipo": Said("Su tipo, con las claves de la AEAT.", "Its type, as the AEAT codes it."),
    "IssuedResource.state": Said("Su estado.", "Its state."),
    "IssuedResource.url": Said("Su dirección.", "Its address."),
    "InvoiceResource.id": Said("La factura.", "The invoice."),
    "InvoiceResource.number": Said("Serie y número (NumSerieFactura).", "Series and number (NumSerieFactura)."),
    "InvoiceResource.tipo": Said("F1 completa, F2 simplificada (TipoFactura).",
                                 "F1 complete, F2 simplified (TipoFactura)."),
    "InvoiceResource.state": Said(
        "issued: emitida · acknowledged: aceptada por la AEAT · acknowledged_with_errors: aceptada con errores · "
        "rejected: rechazada · rectified: rectificada · annulled: anulada.",
        "issued · acknowledged by the AEAT · acknowledged_with_errors · rejected by it · rectified · annulled."),
    "InvoiceResource.environment": Said("Fuera de production no es una factura.",
                                        "Outside production it is no invoice."),
    "InvoiceResource.issue_date": Said("Fecha de expedición.", "Day of issue."),
    "InvoiceResource.operation_date": Said("Fecha de la operación, si es otra.", "Day of the operation, if another."),
    "InvoiceResource.issued_at": Said("El instante de expedición.", "The moment of issue."),
    "InvoiceResource.recipient": Said("Destinatario; null en las simplificadas.",
                                      "Recipient; null on simplified invoices."),
    "InvoiceResource.breakdown": Said("Desglose por tipo impositivo.", "Breakdown by rate."),
    "InvoiceResource.base_total": Said("Suma de las bases.", "Sum of the bases."),
    "InvoiceResource.tax_total": Said("CuotaTotal.", "CuotaTotal."),
    "InvoiceResource.total": Said("ImporteTotal.", "ImporteTotal."),
    "InvoiceResource.aeat": Said("Qué respondió la AEAT.", "What the AEAT answered."),
    "InvoiceResource.qr_url": Said("Lo que dice el QR: la dirección de cotejo.",
                                   "What the QR says: the address that confirms it."),
    "InvoiceResource.order": Said("El pedido.", "The order."),
    "InvoiceResource.links": Said("Sus direcciones.", "Its addresses."),
    "RecipientResource.name": Said("Nombre o razón social.", "Name."),
    "RecipientResource.nif": Said("NIF.", "NIF."),
    "ShareResource.impuesto": Said("01 IVA, 02 IPSI, 03 IGIC.", "01 IVA, 02 IPSI, 03 IGIC."),
    "ShareResource.clave_regimen": Said("ClaveRegimen.", "ClaveRegimen."),
    "ShareResource.calificacion": Said("CalificacionOperacion, si no es exenta.",
                                       "CalificacionOperacion, unless exempt."),
    "ShareResource.exencion": Said("OperacionExenta, si lo es.", "OperacionExenta, if exempt."),
    "ShareResource.rate": Said("Tipo en %.", "Rate in percent."),
    "ShareResource.base": Said("Base imponible.", "Base."),
    "ShareResource.tax": Said("Cuota.", "Tax."),
    "VerdictResource.state": Said(
        "pending: por enviar · in_flight: enviado · accepted, accepted_with_errors, rejected: respondido · unknown: "
        "se pregunta a la AEAT · quarantined: apartado.",
        "pending: to be sent · in_flight: sent · accepted, accepted_with_errors, rejected: answered · unknown: the "
        "AEAT is being asked · quarantined: set aside."),
    "VerdictResource.code": Said("CodigoErrorRegistro, vacío si no hay.", "CodigoErrorRegistro, empty if none."),
    "VerdictResource.text": Said("Lo que dice la AEAT de ese código.", "What the AEAT says of that code."),
    "VerdictResource.remedy": Said(
        "Qué hace el sistema con ese código y qué puede hacer usted; vacío si no hay código.",
        "What the system does about that code and what you can do; empty without a code.",
    ),
    "VerdictResource.csv": Said("CSV del envío aceptado.", "CSV of the accepted submission."),
    "VerdictResource.at": Said("Cuándo respondió.", "When it answered."),
    "VerdictResource.huella": Said("Huella del registro.", "The record's fingerprint (huella)."),
    "LineCodingBody.position": Said("Línea del desglose, desde 1; 0, todas.", "Breakdown line, from 1; 0 is all."),
    "LineCodingBody.clave_regimen": Said("ClaveRegimen.", "ClaveRegimen."),
    "LineCodingBody.calificacion": Said("CalificacionOperacion, o exencion.", "CalificacionOperacion, or exencion."),
    "LineCodingBody.exencion": Said("OperacionExenta.", "OperacionExenta."),
    "AmendBody.reason": Said("El motivo; queda guardado.", "The reason; it is kept."),
    "AmendBody.description": Said("DescripcionOperacion.", "DescripcionOperacion."),
    "AmendBody.lines": Said("La codificación de sus líneas.", "The coding of its lines."),
    "AmendBody.id_type": Said("Cómo se identifica al destinatario: nif, o un IDType.",
                              "How the recipient is identified: nif, or an IDType."),
    "AmendBody.country": Said("CodigoPais de esa identificación.", "CodigoPais of that identification."),
    "AmendBody.reactivate": Said("true: vuelve a estar en vigor una anulada, si es la misma.",
                                 "true: an annulled one is in force again, if it is the same."),
    "RectifyBody.situation": Said("Qué pasa con la factura.", "What is wrong with the invoice."),
    "RectifyBody.reason": Said("La causa, que se imprime.", "The cause, which is printed."),
    "RectifyBody.reductions": Said("Lo que baja cada línea del desglose.", "What each breakdown row goes down by."),
    "RectifyBody.recipient": Said("El destinatario correcto.", "The right recipient."),
    "ReductionBody.position": Said(
        "Línea de lo que queda, desde 1, el tipo más alto primero; los de otro Estado (OSS), cada uno la suya.",
        "Row of what stands, from 1, the highest rate first; each foreign rate (OSS) has its own.",
    ),
    "ReductionBody.gross": Said("Euros con impuestos; negativo si sube.", "Euros with tax; negative where it goes up."),
    "RecipientBody.tax_id": Said("NIF.", "NIF."),
    "RecipientBody.name": Said("Nombre.", "Name."),
    "RecipientBody.company": Said("Razón social.", "Company name."),
    "RecipientBody.address": Said("Dirección.", "Address."),
    "AnnulBody.reason": Said("El motivo; queda guardado.", "The reason; it is kept."),
    "LinksResource.self": Said("Esta factura.", "This invoice."),
    "LinksResource.pdf": Said("Su PDF; 404 pdf-not-ready hasta que está.", "Its PDF; 404 pdf-not-ready until made."),
    "LinksResource.order": Said("Su pedido.", "Its order."),
    "ResolvedResource.order": Said("El pedido.", "The order."),
    "ResolvedResource.process": Said("El proceso, que sigue.", "The process, which goes on."),
    "ResolvedResource.status": Said("queued: sigue enseguida.", "queued: it goes on in a moment."),
    "ResolvedResource.url": Said("Dónde ver en qué queda.", "Where to see what comes of it."),
    "ExportBody.kind": Said(
        "Qué se prepara: facturas, una por línea; libro, el registro de facturas expedidas en el formato de la AEAT; o "
        "las cifras de un modelo.",
        "What is prepared: facturas, one a line; libro, the register of issued invoices in the AEAT's format; or the "
        "figures of a modelo."),
    "ExportBody.period": Said(
        "En lugar de from y to: mes (2027-03), trimestre (2027-Q1) o año (2027). Los modelos 303 y 349 son de un mes o "
        "un trimestre, el 369 de un trimestre, el 390 de un año.",
        "Instead of from and to: a month (2027-03), quarter (2027-Q1) or year (2027). Modelos 303 and 349 are of a "
        "month or quarter, 369 of a quarter, 390 of a year."),
    "ExportBody.from": Said("Primer día, incluido: de expedición; en libros y modelos, de la operación.",
                            "First day, included: of issue; in books and modelos, of the operation."),
    "ExportBody.to": Said("Último día, incluido.", "Last day, included."),
    "ExportBody.email": Said("A quién avisar cuando esté; si falta, al correo de la empresa; vacío, a nadie.",
                             "Whom to tell when it is done; the company's address if absent; nobody if empty."),
    "ExportBody.language": Said("Idioma de los encabezados y del aviso.", "Language of the headers and the letter."),
    "ExportResource.id": Said("Identificador, exp_….", "Identifier, exp_…."),
    "ExportResource.kind": Said("Qué se preparó, como en la petición.", "What was prepared, as in the request."),
    "ExportResource.state": Said(
        "queued: espera su turno · running: en marcha · completed: lista · failed: no pudo ser, vea error.",
        "queued: waits its turn · running: under way · completed: done · failed: came to nothing, see error."),
    "ExportResource.from": Said("Primer día.", "First day."),
    "ExportResource.to": Said("Último día.", "Last day."),
    "ExportResource.requested_at": Said("Cuándo se pidió.", "When it was asked for."),
    "ExportResource.pages_done": Said("Páginas escritas.", "Pages written."),
    "ExportResource.pages": Said("Páginas en total; 0 mientras se cuentan.", "Pages in all; 0 while they are counted."),
    "ExportResource.invoices": Said("Cuántas facturas se leyeron.", "How many invoices were read."),
    "ExportResource.error": Said("Por qué no pudo ser.", "Why it came to nothing."),
    "ExportResource.csv": Said("El CSV, cuando está.", "The CSV, when done."),
    "ExportResource.xlsx": Said("El XLSX, cuando está.", "The XLSX, when done."),
    "ExportResource.url": Said("Esta exportación.", "This export."),
    "FileResource.url": Said("Dónde descargarlo, con la misma clave.", "Where to download it, with the same key."),
    "FileResource.sha256": Said("SHA-256 de sus bytes, que es su ETag.", "SHA-256 of its bytes, which is its ETag."),
    "FileResource.size": Said("Bytes.", "Bytes."),
    "StatusResource.nif": Said("El NIF del obligado tributario.", "The taxpayer's NIF."),
    "StatusResource.name": Said("Su nombre o razón social.", "Its name."),
    "StatusResource.environment": Said("simulator, test o production.", "simulator, test or production."),
    "StatusResource.serves_several": Said(
        "Si este sistema se usa para más de un obligado tributario (Orden HAC/1177/2024, art. 2.d).",
        "Whether this system is used for more than one taxpayer (Orden HAC/1177/2024, art. 2.d)."),
    "StatusResource.waiting": Said("Registros que esperan tras un fallo técnico; vacía si no espera ninguno.",
                                   "Records that wait after a technical failure; empty if none does."),
    "StatusResource.notices": Said("Qué más hay que atender.", "What else wants attention."),
    "WaitingResource.records": Said("Cuántos registros esperan.", "How many records wait."),
    "WaitingResource.since": Said("Cuándo se generó el primero.", "When the first of them was made."),
    "WaitingResource.reason": Said("Por qué falló el último intento; vacío si nadie lo ha intentado.",
                                   "Why the last attempt failed; empty if nobody has tried."),
    "WaitingResource.failures": Said("Intentos fallidos seguidos.", "Failed attempts in a row."),
    "WaitingResource.next_try_at": Said("Desde cuándo se intenta de nuevo, solo.", "From when it is tried again, by "
                                        "itself."),
    "NoticeResource.kind": Said(
        "unconfirmed: falta confirmar el paso a producción · broken: cadena rota · quarantined: registros apartados · "
        "certificate: el certificado caduca o caducó · "
        "no_certificate: no hay uno que sirva · clock: el reloj no va con el de la AEAT.",
        "unconfirmed: going live is not confirmed · broken: broken chain · quarantined: records set aside · "
        "certificate: it ends or has ended · no_certificate: "
        "there is none that will do · clock: ours is not with the AEAT's."),
    "NoticeResource.records": Said("De cuántos registros se trata.", "How many records it is about."),
    "NoticeResource.since": Said("Desde cuándo; de un certificado, hasta cuándo vale.",
                                 "Since when; of a certificate, until when it is good."),
    "NoticeResource.text": Said("Qué se sabe.", "What is known."),
    "ProblemDocument.type": Said("Dirección que explica el código.", "Address that explains the code."),
    "ProblemDocument.title": Said("El problema en pocas palabras.", "The problem in a few words."),
    "ProblemDocument.status": Said("El estado HTTP.", "The HTTP status."),
    "ProblemDocument.detail": Said("Qué hacer.", "What to do."),
    "ProblemDocument.instance": Said("La dirección pedida.", "The address asked for."),
    "ProblemDocument.code": Said("El código, que no cambia: decida por él.", "The code, which never changes: decide "
                                 "by it."),
    "ProblemDocument.errors": Said("Cada cosa que está mal.", "Each thing that is wrong."),
    "Finding.detail": Said("Qué está mal.", "What is wrong."),
    "Finding.pointer": Said("Dónde, en el cuerpo (RFC 6901).", "Where in the body (RFC 6901)."),
    "Finding.parameter": Said("En qué parámetro.", "In which parameter."),
}  # fmt: skip
