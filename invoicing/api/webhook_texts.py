"""What the API's document says of endpoints and events, in both languages."""

from common.words import Words

_NAME = Words("Cómo se llama entre personas.", "What people call it.")
_URL = Words(
    "La dirección, https://…; no puede estar en la red del propio servidor.",
    "The address, https://…; it cannot lie in the server's own network.",
)
_KINDS = Words("De qué se le avisa.", "Of what it is told.")
_ACTIVE = Words("Si se le avisa.", "Whether it is told.")

WEBHOOK_FIELDS = {
    "EndpointBody.name": _NAME,
    "EndpointBody.url": _URL,
    "EndpointBody.events": _KINDS,
    "EndpointChange.name": _NAME,
    "EndpointChange.url": _URL,
    "EndpointChange.events": _KINDS,
    "EndpointChange.active": _ACTIVE,
    "EndpointResource.id": Words("El aviso.", "The endpoint."),
    "EndpointResource.name": _NAME,
    "EndpointResource.url": _URL,
    "EndpointResource.events": _KINDS,
    "EndpointResource.active": _ACTIVE,
    "EndpointResource.off_reason": Words(
        "Por qué se apagó solo; lo que pasa mientras tanto queda como fallido.",
        "Why it was switched off by itself; what happens meanwhile is listed as failed.",
    ),
    "EndpointResource.failing_since": Words(
        "Desde cuándo no acepta nada; a los tres días se apaga.",
        "Since when it has taken nothing; after three days it is switched off.",
    ),
    "EndpointResource.accepted_at": Words("Cuándo aceptó algo por última vez.", "When it last took something."),
    "EndpointResource.created_at": Words("Cuándo se añadió.", "When it was added."),
    "SecretResource.secret": Words("El secreto, como lo escribe Standard Webhooks.", "The secret, as Standard Webhooks "
                                  "writes it."),
    "SecretResource.previous_until": Words(
        "Hasta cuándo firma también el anterior, si se cambió.", "Until when the one before signs too, if changed."
    ),
    "ResentResource.resent": Words("Cuántos sucesos.", "How many events."),
    "EventResource.id": Words(
        "El suceso; va también en la cabecera webhook-id, la misma en cada intento.",
        "The event; the header webhook-id bears it too, the same at every try.",
    ),
    "EventResource.type": Words("La clase.", "Its kind."),
    "EventResource.at": Words("Cuándo ocurrió.", "When it happened."),
    "EventResource.data": Words("Lo que se envía en data.", "What is sent as data."),
    "EventResource.notifications": Words("A quién se avisa.", "Who is told."),
    "NotificationResource.endpoint": Words("El aviso.", "The endpoint."),
    "NotificationResource.state": Words(
        "waiting: se está enviando · delivered: aceptado · failed: no se intenta más; /resend/ lo envía de nuevo.",
        "waiting: it is being sent · delivered: taken · failed: not tried any more; /resend/ sends it anew.",
    ),
    "NotificationResource.tries": Words("Cuántos intentos.", "How many tries."),
    "NotificationResource.status": Words("El código HTTP del último.", "The HTTP status of the last one."),
    "NotificationResource.detail": Words("Qué respondió, o por qué no respondió.", "What it answered, or why it did "
                                        "not."),
    "NotificationResource.tried_at": Words("Cuándo fue el último.", "When the last one was."),
}  # fmt: skip
