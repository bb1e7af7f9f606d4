"""What the API's document says in prose, in both languages: its introduction and the meaning of every field."""

from common.words import Words
from invoicing.answers import fields_of
from invoicing.api.process_texts import PROCESS_FIELDS
from invoicing.api.webhook_texts import WEBHOOK_FIELDS
from invoicing.holds import Action

INTRODUCTION = Words(
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
    **WEBHOOK_FIELDS,
    **{
        f"ResolutionBody.{name}": Words(f"{field.label.es}, con {', '.join(takers)}.",
                                       f"{field.label.en}, with {', '.join(takers)}.")
        for name, (field, takers) in fields_of(Action).items()
    },
    **{
        f"{name.capitalize()}.{part.name}": Words(f"{part.label.es}.", f"{part.label.en}.")
        for name, (field, _) in fields_of(Action).items()
        for part in field.parts
    },
    # --- what a client sends
    "OrderBody.id": Words(
        "Identidad del pedido en su sistema. Otra petición con el mismo id es otra versión del mismo pedido.",
        "The order's identity in your system. Another request with the same id is another version of that order."),
    "OrderBody.number": Words("El número que ve el comprador; si falta, el id.",
                             "The number that the buyer sees; the id when absent."),
    "OrderBody.placed_at": Words(
        "Cuándo se hizo el pedido. Antes de la fecha «facturar desde» de la conexión, se guarda y no se factura.",
        "When the order was placed. Before the connection's cut-over it is kept and never invoiced."),
    "OrderBody.updated_at": Words("Cuándo cambió por última vez: la versión más reciente es la que vale.",
                                 "When it last changed: the latest version is the one that counts."),
    "OrderBody.currency": Words("ISO 4217. Se factura en EUR.", "ISO 4217. Invoices are in EUR."),
    "OrderBody.prices_include_tax": Words("Si los importes de las líneas llevan el impuesto dentro.",
                                         "Whether the amounts of the lines hold the tax."),
    "OrderBody.paid": Words("Si está pagado. Solo lo pagado se factura.", "Whether it is paid. Only what is paid is "
                           "invoiced."),
    "OrderBody.paid_at": Words("Cuándo se pagó.", "When it was paid."),
    "OrderBody.cancelled": Words("Si se anuló.", "Whether it was cancelled."),
    "OrderBody.test": Words("Un pedido de prueba: se guarda y no se factura.", "A test order: kept, never invoiced."),
    "OrderBody.buyer": Words("Quién compra.", "Who buys."),
    "OrderBody.ship_to": Words("Adónde va, si no es la dirección del comprador.",
                              "Where it goes, if not to the buyer's address."),
    "OrderBody.lines": Words("De 1 a 1000 líneas; los portes son una línea de kind shipping.",
                            "1 to 1000 lines; shipping is a line of kind shipping."),
    "OrderBody.total": Words("Lo que pagó el comprador, impuesto incluido. La factura lo conserva al céntimo.",
                            "What the buyer paid, tax included. The invoice keeps it to the cent."),
    "OrderBody.total_tax": Words("El impuesto que contiene, para comparar.", "The tax in it, for comparison."),
    "OrderBody.discount": Words("Descuento de todo el pedido que no está en ninguna línea, en positivo; se reparte.",
                               "Discount on the whole order that is in no line, positive; it is spread."),
    "OrderBody.shipped_at": Words("Cuándo se envió.", "When it was shipped."),
    "OrderBody.delivered_at": Words("Cuándo se entregó.", "When it was delivered."),
    "OrderBody.language": Words("El idioma del comprador, ISO 639-1.", "The buyer's language, ISO 639-1."),
    "OrderBody.refunds": Words("Lo devuelto hasta ahora.", "What was paid back so far."),
    "OrderBody.sales_channel": Words("Por qué canal se vendió.", "Through which channel it was sold."),
    "OrderBody.invoiced_elsewhere": Words("Número que ya le dio otro sistema de facturación.",
                                         "Number that another invoicing system already gave it."),
    "LineBody.id": Words("Identidad de la línea; la misma en la devolución dice de qué línea es.",
                        "The line's identity; the same one in a refund says of which line it is."),
    "LineBody.surcharge_rate": Words("Recargo de equivalencia junto a tax_rate, en %, por ejemplo 5.2.",
                                    "Recargo de equivalencia beside tax_rate, in percent, for instance 5.2."),
    "LineBody.untaxed_because": Words("Por qué no lleva impuesto: E1…, S2, N1, N2 o reverse_charge.",
                                     "Why no tax was charged: E1…, S2, N1, N2, or reverse_charge."),
    "LineBody.description": Words("Lo que se imprime en la factura.", "What is printed on the invoice."),
    "LineBody.sku": Words("Referencia del artículo.", "The article's reference."),
    "LineBody.kind": Words("Qué es la línea.", "What the line is."),
    "LineBody.quantity": Words("Cantidad, hasta cuatro decimales.", "Quantity, up to four decimals."),
    "LineBody.unit_price": Words("Precio de una unidad antes del descuento, hasta seis decimales.",
                                "Price of one unit before the discount, up to six decimals."),
    "LineBody.discount": Words("Descuento de toda la línea.", "Discount on the whole line."),
    "LineBody.amount": Words("quantity x unit_price - discount, al céntimo.",
                            "quantity x unit_price - discount, to the cent."),
    "LineBody.tax_rate": Words(
        "Tipo en %, por ejemplo 21. null es «sin impuesto declarado», que no es lo mismo que 0.",
        "Rate in percent, for instance 21. null means that no tax was declared, which is not 0."),
    "BuyerBody.name": Words("Nombre y apellidos.", "Name of the person."),
    "BuyerBody.company": Words("Razón social.", "Name of the company."),
    "BuyerBody.tax_id": Words("NIF. Con él y un nombre se emite factura completa (F1); sin él, simplificada (F2).",
                             "NIF. With it and a name the invoice is complete (F1); without it, simplified (F2)."),
    "BuyerBody.email": Words("Adónde se envía el PDF.", "Where the PDF is mailed."),
    "BuyerBody.address": Words("Dirección fiscal.", "Fiscal address."),
    "AddressBody.lines": Words("Calle, número, piso.", "Street, number, floor."),
    "AddressBody.postal_code": Words("Código postal.", "Postal code."),
    "AddressBody.city": Words("Población.", "Town."),
    "AddressBody.province": Words("Provincia.", "Province."),
    "AddressBody.province_code": Words("Código de la provincia (GC, TF, CE, ML deciden el impuesto).",
                                      "Code of the province (GC, TF, CE, ML decide the tax)."),
    "AddressBody.country": Words("ISO 3166-1, dos letras.", "ISO 3166-1, two letters."),
    "RefundBody.id": Words("Identidad de la devolución en su sistema.", "The refund's identity in your system."),
    "RefundBody.total": Words("Lo devuelto, en positivo.", "What went back, as a positive amount."),
    "RefundBody.created_at": Words("Cuándo se devolvió.", "When it went back."),
    "RefundBody.reason": Words("Por qué.", "Why."),
    "RefundBody.lines": Words(
        "De qué es, en positivo. Sin líneas, o por lo que estas no alcancen, es solo dinero y se reparte.",
        "What it is for, in positive figures. Without lines, or beyond them, it is money alone and is spread."),
    "ResolutionBody.process": Words("El proceso retenido, como lo nombra hold.process.",
                                   "The held process, as hold.process names it."),
    "ResolutionBody.action": Words("Una de hold.actions.", "One of hold.actions."),
    # --- what it is answered
    "Page.data": Words("Lo que hay en esta página.", "What this page holds."),
    "Page.has_more": Words("Si hay otra página.", "Whether there is another page."),
    "Page.next": Words("La dirección de la página siguiente; null en la última.",
                      "The address of the next page; null on the last."),
    "AcceptedOrder.id": Words("Identidad del pedido aquí, la misma para siempre.",
                             "The order's identity here, the same for ever."),
    "AcceptedOrder.status": Words("queued: guardado, y se leerá enseguida.", "queued: kept, and read in a moment."),
    "AcceptedOrder.external_id": Words("El id que usted envió.", "The id that you sent."),
    "AcceptedOrder.delivery": Words("El justificante de esta petición.", "The receipt of this request."),
    "AcceptedOrder.url": Words("Dónde seguirlo; es lo que dice Location.", "Where to follow it; what Location says."),
    "OrderResource.id": Words("Identidad del pedido aquí.", "The order's identity here."),
    "OrderResource.external_id": Words("Su identidad en la tienda o en su sistema.",
                                      "Its identity in the shop, or in your system."),
    "OrderResource.number": Words("El número que ve el comprador; vacío hasta que se lee.",
                                 "The number that the buyer sees; empty until it is read."),
    "OrderResource.platform": Words("De dónde vino.", "Where it came from."),
    "OrderResource.state": Words(
        "open: en curso · held: espera a una persona · invoiced: facturado · corrected: rectificado · cancelled: "
        "anulado antes de facturar · ignored: no se factura.",
        "open: under way · held: waits for a person · invoiced · corrected · cancelled before any invoice · ignored: "
        "not to be invoiced."),
    "OrderResource.version": Words("Cuántas versiones se han leído; 0: aún ninguna.",
                                  "How many versions were read; 0: none yet."),
    "OrderResource.buyer": Words("Quién compra.", "Who buys."),
    "OrderResource.total": Words("Total de la versión que vale.", "Total of the version that counts."),
    "OrderResource.updated_at": Words("La versión que vale, según la tienda.",
                                     "The version that counts, as the shop dates it."),
    "OrderResource.received_at": Words("Cuándo supimos de él.", "When we first heard of it."),
    "OrderResource.hold": Words("Por qué espera a una persona, si espera.", "Why it waits for a person, if it does."),
    "OrderResource.invoices": Words("Lo emitido por él.", "What was issued for it."),
    "OrderResource.url": Words("Su dirección.", "Its address."),
    "HoldResource.process": Words("El proceso que espera; se nombra al resolver.",
                                 "The process that waits; named when resolving."),
    "HoldResource.version": Words("La versión del pedido por la que pregunta.",
                                 "The version of the order that it asks about."),
    "HoldResource.kind": Words(
        "question: espera una respuesta · failure, poison: el personal lo reanuda en la administración.",
        "question: waits for an answer · failure, poison: staff resume it in the admin."),
    "HoldResource.code": Words("Por qué, para programas.", "Why, for programs."),
    "HoldResource.message": Words("Por qué, y qué hacer.", "Why, and what to do."),
    "HoldResource.missing": Words("Lo que falta (en español).", "What is missing (in Spanish)."),
    "HoldResource.actions": Words("Lo que se puede responder.", "What may be answered."),
    "HoldResource.since": Words("Desde cuándo.", "Since when."),
    "IssuedResource.id": Words("La factura.", "The invoice."),
    "IssuedResource.number": Words("Su número.", "Its number."),
    "IssuedResource.tipo": Words("Su tipo, con las claves de la AEAT.", "Its type, as the AEAT codes it."),
    "IssuedResource.state": Words("Su estado.", "Its state."),
    "IssuedResource.url": Words("Su dirección.", "Its address."),
    "InvoiceResource.id": Words("La factura.", "The invoice."),
    "InvoiceResource.number": Words("Serie y número (NumSerieFactura).", "Series and number (NumSerieFactura)."),
    "InvoiceResource.tipo": Words("F1 completa, F2 simplificada (TipoFactura).",
                                 "F1 complete, F2 simplified (TipoFactura)."),
    "InvoiceResource.state": Words(
        "issued: emitida · acknowledged: aceptada por la AEAT · acknowledged_with_errors: aceptada con errores · "
        "rejected: rechazada · rectified: rectificada · annulled: anulada.",
        "issued · acknowledged by the AEAT · acknowledged_with_errors · rejected by it · rectified · annulled."),
    "InvoiceResource.environment": Words("Fuera de production no es una factura.",
                                        "Outside production it is no invoice."),
    "InvoiceResource.issue_date": Words("Fecha de expedición.", "Day of issue."),
    "InvoiceResource.operation_date": Words("Fecha de la operación, si es otra.", "Day of the operation, if another."),
    "InvoiceResource.issued_at": Words("El instante de expedición.", "The moment of issue."),
    "InvoiceResource.recipient": Words("Destinatario; null en las simplificadas.",
                                      "Recipient; null on simplified invoices."),
    "InvoiceResource.breakdown": Words("Desglose por tipo impositivo.", "Breakdown by rate."),
    "InvoiceResource.base_total": Words("Suma de las bases.", "Sum of the bases."),
    "InvoiceResource.tax_total": Words("CuotaTotal.", "CuotaTotal."),
    "InvoiceResource.total": Words("ImporteTotal.", "ImporteTotal."),
    "InvoiceResource.aeat": Words("Qué respondió la AEAT.", "What the AEAT answered."),
    "InvoiceResource.qr_url": Words("Lo que dice el QR: la dirección de cotejo.",
                                   "What the QR says: the address that confirms it."),
    "InvoiceResource.order": Words("El pedido.", "The order."),
    "InvoiceResource.links": Words("Sus direcciones.", "Its addresses."),
    "RecipientResource.name": Words("Nombre o razón social.", "Name."),
    "RecipientResource.nif": Words("NIF.", "NIF."),
    "ShareResource.impuesto": Words("01 IVA, 02 IPSI, 03 IGIC.", "01 IVA, 02 IPSI, 03 IGIC."),
    "ShareResource.clave_regimen": Words("ClaveRegimen.", "ClaveRegimen."),
    "ShareResource.calificacion": Words("CalificacionOperacion, si no es exenta.",
                                       "CalificacionOperacion, unless exempt."),
    "ShareResource.exencion": Words("OperacionExenta, si lo es.", "OperacionExenta, if exempt."),
    "ShareResource.rate": Words("Tipo en %.", "Rate in percent."),
    "ShareResource.base": Words("Base imponible.", "Base."),
    "ShareResource.tax": Words("Cuota.", "Tax."),
    "VerdictResource.state": Words(
        "pending: por enviar · in_flight: enviado · accepted, accepted_with_errors, rejected: respondido · unknown: "
        "se pregunta a la AEAT · quarantined: apartado.",
        "pending: to be sent · in_flight: sent · accepted, accepted_with_errors, rejected: answered · unknown: the "
        "AEAT is being asked · quarantined: set aside."),
    "VerdictResource.code": Words("CodigoErrorRegistro, vacío si no hay.", "CodigoErrorRegistro, empty if none."),
    "VerdictResource.text": Words("Lo que dice la AEAT de ese código.", "What the AEAT says of that code."),
    "VerdictResource.remedy": Words(
        "Qué hace el sistema con ese código y qué puede hacer usted; vacío si no hay código.",
        "What the system does about that code and what you can do; empty without a code.",
    ),
    "VerdictResource.csv": Words("CSV del envío aceptado.", "CSV of the accepted submission."),
    "VerdictResource.at": Words("Cuándo respondió.", "When it answered."),
    "VerdictResource.huella": Words("Huella del registro.", "The record's fingerprint (huella)."),
    "LineCodingBody.position": Words("Línea del desglose, desde 1; 0, todas.", "Breakdown line, from 1; 0 is all."),
    "LineCodingBody.clave_regimen": Words("ClaveRegimen.", "ClaveRegimen."),
    "LineCodingBody.calificacion": Words("CalificacionOperacion, o exencion.", "CalificacionOperacion, or exencion."),
    "LineCodingBody.exencion": Words("OperacionExenta.", "OperacionExenta."),
    "AmendBody.reason": Words("El motivo; queda guardado.", "The reason; it is kept."),
    "AmendBody.description": Words("DescripcionOperacion.", "DescripcionOperacion."),
    "AmendBody.lines": Words("La codificación de sus líneas.", "The coding of its lines."),
    "AmendBody.id_type": Words("Cómo se identifica al destinatario: nif, o un IDType.",
                              "How the recipient is identified: nif, or an IDType."),
    "AmendBody.country": Words("CodigoPais de esa identificación.", "CodigoPais of that identification."),
    "AmendBody.reactivate": Words("true: vuelve a estar en vigor una anulada, si es la misma.",
                                 "true: an annulled one is in force again, if it is the same."),
    "RectifyBody.situation": Words("Qué pasa con la factura.", "What is wrong with the invoice."),
    "RectifyBody.reason": Words("La causa, que se imprime.", "The cause, which is printed."),
    "RectifyBody.reductions": Words("Lo que baja cada línea del desglose.", "What each breakdown row goes down by."),
    "RectifyBody.recipient": Words("El destinatario correcto.", "The right recipient."),
    "ReductionBody.position": Words(
        "Línea de lo que queda, desde 1, el tipo más alto primero; los de otro Estado (OSS), cada uno la suya.",
        "Row of what stands, from 1, the highest rate first; each foreign rate (OSS) has its own.",
    ),
    "ReductionBody.gross": Words("Euros con impuestos; negativo si sube.", "Euros with tax; negative if it goes up."),
    "RecipientBody.tax_id": Words("NIF.", "NIF."),
    "RecipientBody.name": Words("Nombre.", "Name."),
    "RecipientBody.company": Words("Razón social.", "Company name."),
    "RecipientBody.address": Words("Dirección.", "Address."),
    "AnnulBody.reason": Words("El motivo; queda guardado.", "The reason; it is kept."),
    "LinksResource.self": Words("Esta factura.", "This invoice."),
    "LinksResource.pdf": Words("Su PDF; 404 pdf-not-ready hasta que está.", "Its PDF; 404 pdf-not-ready until made."),
    "LinksResource.order": Words("Su pedido.", "Its order."),
    "ResolvedResource.order": Words("El pedido.", "The order."),
    "ResolvedResource.process": Words("El proceso, que sigue.", "The process, which goes on."),
    "ResolvedResource.status": Words("queued: sigue enseguida.", "queued: it goes on in a moment."),
    "ResolvedResource.url": Words("Dónde ver en qué queda.", "Where to see what comes of it."),
    "ExportBody.kind": Words(
        "Qué se prepara: facturas, una por línea; libro, el registro de facturas expedidas en el formato de la AEAT; o "
        "las cifras de un modelo.",
        "What is prepared: facturas, one a line; libro, the register of issued invoices in the AEAT's format; or the "
        "figures of a modelo."),
    "ExportBody.period": Words(
        "En lugar de from y to: mes (2027-03), trimestre (2027-Q1) o año (2027). Los modelos 303 y 349 son de un mes o "
        "un trimestre, el 369 de un trimestre, el 390 de un año.",
        "Instead of from and to: a month (2027-03), quarter (2027-Q1) or year (2027). Modelos 303 and 349 are of a "
        "month or quarter, 369 of a quarter, 390 of a year."),
    "ExportBody.from": Words("Primer día, incluido: de expedición; en libros y modelos, de la operación.",
                            "First day, included: of issue; in books and modelos, of the operation."),
    "ExportBody.to": Words("Último día, incluido.", "Last day, included."),
    "ExportBody.email": Words("A quién avisar cuando esté; si falta, al correo de la empresa; vacío, a nadie.",
                             "Whom to tell when it is done; the company's address if absent; nobody if empty."),
    "ExportBody.language": Words("Idioma de los encabezados y del aviso.", "Language of the headers and the letter."),
    "ExportResource.id": Words("Identificador, exp_….", "Identifier, exp_…."),
    "ExportResource.kind": Words("Qué se preparó, como en la petición.", "What was prepared, as in the request."),
    "ExportResource.state": Words(
        "queued: espera su turno · running: en marcha · completed: lista · failed: no pudo ser, vea error.",
        "queued: waits its turn · running: under way · completed: done · failed: came to nothing, see error."),
    "ExportResource.from": Words("Primer día.", "First day."),
    "ExportResource.to": Words("Último día.", "Last day."),
    "ExportResource.requested_at": Words("Cuándo se pidió.", "When it was asked for."),
    "ExportResource.pages_done": Words("Páginas escritas.", "Pages written."),
    "ExportResource.pages": Words("Páginas en total; 0 mientras se cuentan.", "Pages in all; 0 while being counted."),
    "ExportResource.invoices": Words("Cuántas facturas se leyeron.", "How many invoices were read."),
    "ExportResource.error": Words("Por qué no pudo ser.", "Why it came to nothing."),
    "ExportResource.csv": Words("El CSV, cuando está.", "The CSV, when done."),
    "ExportResource.xlsx": Words("El XLSX, cuando está.", "The XLSX, when done."),
    "ExportResource.url": Words("Esta exportación.", "This export."),
    "FileResource.url": Words("Dónde descargarlo, con la misma clave.", "Where to download it, with the same key."),
    "FileResource.sha256": Words("SHA-256 de sus bytes, que es su ETag.", "SHA-256 of its bytes, which is its ETag."),
    "FileResource.size": Words("Bytes.", "Bytes."),
    "StatusResource.nif": Words("El NIF del obligado tributario.", "The taxpayer's NIF."),
    "StatusResource.name": Words("Su nombre o razón social.", "Its name."),
    "StatusResource.environment": Words("simulator, test o production.", "simulator, test or production."),
    "StatusResource.serves_several": Words(
        "Si este sistema se usa para más de un obligado tributario (Orden HAC/1177/2024, art. 2.d).",
        "Whether this system is used for more than one taxpayer (Orden HAC/1177/2024, art. 2.d)."),
    "StatusResource.waiting": Words("Registros que esperan tras un fallo técnico; vacía si no espera ninguno.",
                                   "Records that wait after a technical failure; empty if none does."),
    "StatusResource.notices": Words("Qué más hay que atender.", "What else wants attention."),
    "WaitingResource.records": Words("Cuántos registros esperan.", "How many records wait."),
    "WaitingResource.since": Words("Cuándo se generó el primero.", "When the first of them was made."),
    "WaitingResource.reason": Words("Por qué falló el último intento; vacío si nadie lo ha intentado.",
                                   "Why the last attempt failed; empty if nobody has tried."),
    "WaitingResource.failures": Words("Intentos fallidos seguidos.", "Failed attempts in a row."),
    "WaitingResource.next_try_at": Words("Desde cuándo se intenta de nuevo, solo.", "From when it is tried again, by "
                                        "itself."),
    "NoticeResource.kind": Words(
        "unconfirmed: falta confirmar el paso a producción · broken: cadena rota · quarantined: registros apartados · "
        "certificate: el certificado caduca o caducó · "
        "no_certificate: no hay uno que sirva · clock: el reloj no va con el de la AEAT.",
        "unconfirmed: going live is not confirmed · broken: broken chain · quarantined: records set aside · "
        "certificate: it ends or has ended · no_certificate: "
        "there is none that will do · clock: ours is not with the AEAT's."),
    "NoticeResource.records": Words("De cuántos registros se trata.", "How many records it is about."),
    "NoticeResource.since": Words("Desde cuándo; de un certificado, hasta cuándo vale.",
                                 "Since when; of a certificate, until when it is good."),
    "NoticeResource.text": Words("Qué se sabe.", "What is known."),
    "ProblemDocument.type": Words("Dirección que explica el código.", "Address that explains the code."),
    "ProblemDocument.title": Words("El problema en pocas palabras.", "The problem in a few words."),
    "ProblemDocument.status": Words("El estado HTTP.", "The HTTP status."),
    "ProblemDocument.detail": Words("Qué hacer.", "What to do."),
    "ProblemDocument.instance": Words("La dirección pedida.", "The address asked for."),
    "ProblemDocument.code": Words("El código, que no cambia: decida por él.", "The code, which never changes: decide "
                                 "by it."),
    "ProblemDocument.errors": Words("Cada cosa que está mal.", "Each thing that is wrong."),
    "Finding.detail": Words("Qué está mal.", "What is wrong."),
    "Finding.pointer": Words("Dónde, en el cuerpo (RFC 6901).", "Where in the body (RFC 6901)."),
    "Finding.parameter": Words("En qué parámetro.", "In which parameter."),
}  # fmt: skip
