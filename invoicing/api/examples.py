"""The examples of the document. Tests send every one of the bodies and hold the answers against their types."""

from common.words import Words
from invoicing.api.schema import Example

_ORDER_ID = "ord_01kbf4w8e9f1v9h8t2m6q0x3zn"
_INVOICE_ID = "inv_01kbf4wbt5e7ksr3h1d4c9n2py"

_SALE = {
    "id": "web-10432",
    "number": "10432",
    "placed_at": "2027-02-03T10:12:44+01:00",
    "updated_at": "2027-02-03T10:13:02+01:00",
    "prices_include_tax": True,
    "paid": True,
    "paid_at": "2027-02-03T10:13:00+01:00",
    "buyer": {"name": "Lucía Ferrer Pons", "email": "lucia@example.com"},
    "lines": [
        {"description": "Taza de cerámica", "sku": "TAZA-01", "quantity": "2", "unit_price": "12.10",
         "amount": "24.20", "tax_rate": "21"},
        {"description": "Pan de espelta", "quantity": "1", "unit_price": "4.16", "amount": "4.16", "tax_rate": "4"},
        {"kind": "shipping", "description": "Portes", "unit_price": "4.84", "amount": "4.84", "tax_rate": "21"},
    ],
    "total": "33.20",
}  # fmt: skip
_COMPANY_SALE = {
    "id": "web-10433",
    "number": "10433",
    "placed_at": "2027-02-03T11:00:00+01:00",
    "updated_at": "2027-02-03T11:00:05+01:00",
    "prices_include_tax": False,
    "paid": True,
    "buyer": {
        "company": "Ferretería Soler SL",
        "tax_id": "B12345674",
        "email": "compras@soler.example",
        "address": {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València", "province": "Valencia",
                    "country": "ES"},
    },
    "lines": [
        {"description": "Taladro percutor", "quantity": "3", "unit_price": "89.50", "discount": "18.50",
         "amount": "250.00", "tax_rate": "21"},
    ],
    "total": "302.50",
    "total_tax": "52.50",
}  # fmt: skip
_REFUNDED = {**_SALE, "updated_at": "2027-02-05T09:30:00+01:00",
             "refunds": [{"id": "r-1", "total": "12.10", "created_at": "2027-02-05T09:29:58+01:00",
                          "reason": "Una taza rota"}]}  # fmt: skip

SENT = (
    Example("consumer", Words("Un particular, sin NIF: factura simplificada", "A consumer without NIF: simplified"),
            _SALE),
    Example("company", Words("Una empresa, con NIF: factura completa", "A company with NIF: complete invoice"),
            _COMPANY_SALE),
    Example("refund", Words("El mismo pedido, más tarde, con una devolución", "The same order, later, with a refund"),
            _REFUNDED),
)  # fmt: skip

RESOLUTIONS = (
    Example("give-nif", Words("Dar el NIF del comprador", "Give the buyer's NIF"), {
        "process": "prc_01kbf4wa1rf3s8w5y7z9b2c4d6", "action": "give_nif", "nif": "B12345674",
        "name": "Ferretería Soler SL",
        "address": {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València", "country": "ES"}}),
    Example("ignore", Words("No facturar", "Do not invoice"), {
        "process": "prc_01kbf4wa1rf3s8w5y7z9b2c4d6", "action": "ignore", "reason": "Se facturó en la tienda física"}),
)  # fmt: skip

_ACCEPTED = {
    "id": _ORDER_ID,
    "status": "queued",
    "external_id": "web-10432",
    "delivery": "dlv_01kbf4w8e8e3tbzq5m1n7k9j2h",
    "url": f"/api/v1/orders/{_ORDER_ID}/",
}
ACCEPTED = (Example("queued", Words("Guardado", "Kept"), _ACCEPTED),)

_INVOICED = {
    "id": _ORDER_ID,
    "external_id": "web-10432",
    "number": "10432",
    "platform": "api",
    "state": "invoiced",
    "version": 1,
    "buyer": "Lucía Ferrer Pons",
    "total": "33.20",
    "updated_at": "2027-02-03T10:13:02+01:00",
    "received_at": "2027-02-03T10:13:03.214000+01:00",
    "hold": None,
    "invoices": [{"id": _INVOICE_ID, "number": "S2027-000118", "tipo": "F2", "state": "acknowledged",
                  "url": f"/api/v1/invoices/{_INVOICE_ID}/"}],
    "url": f"/api/v1/orders/{_ORDER_ID}/",
}  # fmt: skip
_HELD = {
    **_INVOICED,
    "state": "held",
    "total": "512.00",
    "hold": {
        "process": "prc_01kbf4wa1rf3s8w5y7z9b2c4d6",
        "version": 1,
        "kind": "question",
        "code": "nif_required",
        "message": "Son 512.00 € sin NIF del comprador; una simplificada llega a 400 €.",
        "missing": "El NIF, nombre y dirección del comprador.",
        "actions": ["give_nif", "ask_customer", "decide_again", "ignore"],
        "since": "2027-02-03T10:13:03.480000+01:00",
    },
    "invoices": [],
}
ORDER = (
    Example("invoiced", Words("Facturado", "Invoiced"), _INVOICED),
    Example("held", Words("Retenido", "Held"), _HELD),
)
ORDERS = (Example("page", Words("La única página", "The only page"),
                  {"data": [_INVOICED], "has_more": False, "next": None}),)  # fmt: skip

_INVOICE = {
    "id": _INVOICE_ID,
    "number": "S2027-000118",
    "tipo": "F2",
    "state": "acknowledged",
    "environment": "production",
    "issue_date": "2027-02-03",
    "operation_date": None,
    "issued_at": "2027-02-03T10:13:03.702000+01:00",
    "recipient": None,
    "breakdown": [
        {"impuesto": "01", "clave_regimen": "01", "calificacion": "S1", "exencion": "", "rate": "21",
         "base": "24.00", "tax": "5.04"},
        {"impuesto": "01", "clave_regimen": "01", "calificacion": "S1", "exencion": "", "rate": "4",
         "base": "4.00", "tax": "0.16"},
    ],
    "base_total": "28.00",
    "tax_total": "5.20",
    "total": "33.20",
    "aeat": {"state": "accepted", "code": "", "text": "", "remedy": "", "csv": "A-7F3K29QWERTY12",
             "at": "2027-02-03T10:13:05.118000+01:00",
             "huella": "D312471E015C1EF829E77D548954D24D79B976176CCAC8279C5E5FF9715AEC52"},
    "qr_url": "https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR"
              "?nif=B12345674&numserie=S2027-000118&fecha=03-02-2027&importe=33.20",
    "order": _ORDER_ID,
    "links": {"self": f"/api/v1/invoices/{_INVOICE_ID}/", "pdf": f"/api/v1/invoices/{_INVOICE_ID}/pdf/",
              "order": f"/api/v1/orders/{_ORDER_ID}/"},
}  # fmt: skip
INVOICE = (Example("acknowledged", Words("Aceptada por la AEAT", "Acknowledged by the AEAT"), _INVOICE),)
INVOICES = (Example("page", Words("La única página", "The only page"),
                    {"data": [_INVOICE], "has_more": False, "next": None}),)  # fmt: skip

_PROCESS_ID = "prc_01kbf4wa1rf3s8w5y7z9b2c4d6"
_PROCESS = {
    "id": _PROCESS_ID,
    "workflow": "invoice-order",
    "version": 1,
    "state": "completed",
    "tags": ["order:019adef0-aaee-7f50-a17c-1afa45e5d4e6"],
    "order": "ord_01kbf4w8e9f1v9h8t2m6q0x3zn",
    "progress": None,
    "hold": None,
    "error": None,
    "forked_from": None,
    "parent": None,
    "superseded_by": None,
    "created_at": "2027-02-03T10:13:03.300000+01:00",
    "started_at": "2027-02-03T10:13:03.340000+01:00",
    "finished_at": "2027-02-03T10:13:03.702000+01:00",
    "wake_at": None,
    "url": f"/api/v1/processes/{_PROCESS_ID}/",
}
_WHOLE = {
    **_PROCESS,
    "result": {"company_id": "019adef0-0000-7f50-a17c-1afa45e5d4e6", "invoice_id": _INVOICE_ID},
    "steps": [
        {"key": "decide", "kind": "atomic", "done": True, "failures": 1,
         "started_at": "2027-02-03T10:13:03.350000+01:00", "finished_at": "2027-02-03T10:13:03.520000+01:00",
         "attempts": [
             {"started_at": "2027-02-03T10:13:03.350000+01:00", "milliseconds": 8,
              "error": {"step": "decide", "kind": "OperationalError",
                        "message": "Falló; el personal ve la causa en la administración."}},
             {"started_at": "2027-02-03T10:13:03.500000+01:00", "milliseconds": 12, "error": None}]},
    ],
    "waits": [],
    "children": {"total": 0, "open": 0, "completed": 0, "failed": 0},
}  # fmt: skip
PROCESS = (Example("completed", Words("Terminado", "Completed"), _WHOLE),)
PROCESSES = (Example("page", Words("La única página", "The only page"),
                     {"data": [_PROCESS], "has_more": False, "next": None}),)  # fmt: skip
REASONS = (Example("reason", Words("Con su motivo", "With its reason"), {"reason": "El transportista ya responde"}),)
REPLAYS = (
    Example("whole", Words("Entero", "Whole"), {"reason": "El PDF salió mal"}),
    Example("from-step", Words("Desde un paso", "From a step"),
            {"reason": "El PDF salió mal", "from_step": "start_mail"}),
)  # fmt: skip
ANSWERS = (
    Example("resolution", Words("A un pedido retenido", "To a held order"), {
        "answer": {"action": "ignore", "reason": "Se facturó en la tienda física"}}),
    Example("word", Words("Una decisión", "A decision"), {
        "answer": {"approved": True}, "reason": "Está en el presupuesto"}),
)  # fmt: skip
MANY = (Example("ignore", Words("No facturar ninguno", "Invoice none of them"), {
    "processes": [_PROCESS_ID, "prc_01kbf4wa1rf3s8w5y7z9b2c4d7"],
    "answer": {"action": "ignore", "reason": "Pedidos de la feria, ya facturados allí"}}),)  # fmt: skip
MANY_TOLD = (Example("told", Words("Uno sí y otro no", "One yes, one no"), {
    "done": 1, "refused": 1,
    "data": [
        {"process": _PROCESS_ID, "done": True, "code": "", "detail": "", "superseded_by": None},
        {"process": "prc_01kbf4wa1rf3s8w5y7z9b2c4d7", "done": False, "code": "hold-superseded",
         "detail": "Llegó una versión más nueva del pedido y otro proceso ocupa el lugar de este: lea el pedido y "
                   "resuelva, si la hay, la retención de superseded_by.",
         "superseded_by": "prc_01kbf4wa1rf3s8w5y7z9b2c4d8"},
    ]}),)  # fmt: skip
ACTED = (Example("done", Words("Hecho", "Done"),
                 {"process": _PROCESS_ID, "state": "pending", "url": _PROCESS["url"]}),)  # fmt: skip
AMENDMENTS = (
    Example("regime", Words("Régimen de una línea", "Regime of a line"), {
        "reason": "Es criterio de caja", "lines": [{"position": 1, "clave_regimen": "07"}]}),
    Example("census", Words("Un cliente no censado", "A customer who is not in the census"), {
        "reason": "La AEAT responde 2001", "id_type": "07"}),
    Example("back", Words("Reactivarla", "Reactivate it"), {"reason": "Se anuló por error", "reactivate": True}),
)  # fmt: skip
RECTIFICATIONS = (
    Example("discount", Words("Un descuento posterior", "A later discount"), {
        "situation": "return_or_discount", "reason": "Llegó rayada",
        "reductions": [{"position": 1, "gross": "12.10"}]}),
    Example("recipient", Words("Otros datos del destinatario", "Other data of the recipient"), {
        "situation": "recipient_or_text", "reason": "Cambió la razón social",
        "recipient": {"tax_id": "B12345674", "company": "Ferretería Soler SL",
                      "address": {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València",
                                  "country": "ES"}}}),
)  # fmt: skip
ANNULMENTS = (Example("test", Words("Una prueba", "A test"), {"reason": "Era un pedido de prueba"}),)
_EXPORT_ID = "exp_01kbf4x2m7q9r4t6v8w0y1z3a5"
_REQUESTED = {
    "id": _EXPORT_ID,
    "kind": "facturas",
    "state": "queued",
    "from": "2027-02-01",
    "to": "2027-02-28",
    "requested_at": "2027-03-01T09:00:00.412000+01:00",
    "pages_done": 0,
    "pages": 0,
    "invoices": None,
    "error": "",
    "csv": None,
    "xlsx": None,
    "url": f"/api/v1/exports/{_EXPORT_ID}/",
}
EXPORT_WANTED = (
    Example("month", Words("Un mes", "One month"), {"from": "2027-02-01", "to": "2027-02-28"}),
    Example("told", Words("Avisando a otra dirección", "Telling another address"),
            {"from": "2027-01-01", "to": "2027-03-31", "email": "asesoria@example.com", "language": "es"}),
    Example("quarter", Words("El 303 de un trimestre", "A quarter's 303"), {"kind": "303", "period": "2027-Q1"}),
    Example("register", Words("El libro registro del año", "The year's register"), {"kind": "libro", "period": "2027"}),
)  # fmt: skip
EXPORT_REQUESTED = (Example("queued", Words("Pedida", "Asked for"), _REQUESTED),)
EXPORT = (
    Example("running", Words("En marcha", "Running"), {**_REQUESTED, "state": "running", "pages_done": 7, "pages": 12}),
    Example("completed", Words("Lista", "Done"), {
        **_REQUESTED, "state": "completed", "pages_done": 12, "pages": 12, "invoices": 11840,
        "csv": {"url": f"/api/v1/exports/{_EXPORT_ID}/csv/", "size": 2013448,
                "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"},
        "xlsx": {"url": f"/api/v1/exports/{_EXPORT_ID}/xlsx/", "size": 861204,
                 "sha256": "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d"}}),
    Example("failed", Words("Sin nada que exportar", "Nothing to export"), {
        **_REQUESTED, "state": "failed",
        "error": "No hay ninguna factura expedida entre el 01/02/2027 y el 28/02/2027; "
        "elija otro periodo. (There is no invoice issued in that period.)"}),
)  # fmt: skip

_STATUS = {
    "nif": "B12345674", "name": "Almacenes La Encina SL", "environment": "production", "serves_several": False,
    "waiting": [], "notices": [],
}  # fmt: skip
STATUS = (
    Example("well", Words("Todo enviado", "Everything sent"), _STATUS),
    Example("waiting", Words("La AEAT no responde", "The AEAT does not answer"), {
        **_STATUS,
        "waiting": [{"records": 14, "since": "2027-02-03T10:12:44+01:00", "failures": 5,
                     "reason": "No se pudo conectar con la AEAT (timeout)",
                     "next_try_at": "2027-02-03T10:42:00+01:00"}],
        "notices": [{"kind": "certificate", "records": 0, "since": "2027-02-20T23:59:59+01:00", "text": ""}]}),
)  # fmt: skip

_ENDPOINT_ID = "whk_01kbf4w7h1e9rbs2m8t6q0x3zn"
_ENDPOINT = {
    "id": _ENDPOINT_ID,
    "name": "ERP",
    "url": "https://erp.example.com/encadena",
    "events": ["invoice.issued", "invoice.acknowledged", "invoice.rejected"],
    "active": True,
    "off_reason": "",
    "failing_since": None,
    "accepted_at": "2027-02-03T10:13:05.402000+01:00",
    "created_at": "2027-01-04T09:00:12.018000+01:00",
}
ENDPOINT = (Example("endpoint", Words("Acepta lo que se le envía", "It takes what it is sent"), _ENDPOINT),)
ENDPOINTS = (Example("page", Words("La única página", "The only page"),
                     {"data": [_ENDPOINT], "has_more": False, "next": None}),)  # fmt: skip
ENDPOINT_WANTED = (Example("erp", Words("Facturas, al ERP", "Invoices, to the ERP"), {
    "name": "ERP", "url": "https://erp.example.com/encadena", "events": _ENDPOINT["events"]}),)  # fmt: skip
ENDPOINT_CHANGES = (
    Example("on", Words("Encenderlo", "Switch it on"), {"active": True}),
    Example("other", Words("Otra dirección", "Another address"), {"url": "https://erp.example.com/facturas"}),
)
NOTHING = (Example("nothing", Words("Sin contenido", "Nothing in it"), {}),)
SECRET = (Example("secret", Words("Con el anterior aún en uso", "With the one before still in use"), {
    "secret": "whsec_ejemploejemploejemploejemploejemploejemplo=",
    "previous_until": "2027-02-04T10:00:00+01:00"}),)  # fmt: skip
RESENT = (Example("resent", Words("Doce", "Twelve"), {"resent": 12}),)
_EVENT = {
    "id": "evt_01kbf4wbxye7ksr3h1d4c9n2py",
    "type": "invoice.acknowledged",
    "at": "2027-02-03T10:13:05.221000+01:00",
    "data": {
        "id": _INVOICE_ID, "number": "S2027-000118", "tipo": "F2", "state": "acknowledged", "corrects": [],
        "order": {"id": _ORDER_ID, "external_id": "web-10432", "number": "10432",
                  "links": {"self": f"/api/v1/orders/{_ORDER_ID}/"}},
        "aeat": {"state": "accepted", "code": "", "csv": "A-7F3K29QWERTY12"},
        "links": {"self": f"/api/v1/invoices/{_INVOICE_ID}/", "pdf": f"/api/v1/invoices/{_INVOICE_ID}/pdf/"},
    },
    "notifications": [{"endpoint": _ENDPOINT_ID, "state": "delivered", "tries": 1, "status": 204,
                       "detail": "HTTP 204", "tried_at": "2027-02-03T10:13:05.402000+01:00"}],
}  # fmt: skip
EVENT = (Example("acknowledged", Words("Aceptado", "Taken"), _EVENT),)
EVENTS = (Example("page", Words("La única página", "The only page"),
                  {"data": [_EVENT], "has_more": False, "next": None}),)  # fmt: skip
