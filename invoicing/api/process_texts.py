"""What the API's document says of processes, in both languages."""

from invoicing.api.problems import Said

_PROCESS = {
    "id": Said("El proceso.", "The process."),
    "workflow": Said("Qué hace.", "What it does."),
    "version": Said("La versión del programa con que empezó.", "The version of the program that it began with."),
    "state": Said(
        "pending: en cola · processing: en marcha · waiting: espera · retrying: se reintentará · held: espera a una "
        "persona · completed, failed, cancelled, expired: ha terminado.",
        "pending · processing · waiting · retrying · held: waits for a person · completed, failed, cancelled, expired: "
        "it has ended.",
    ),
    "tags": Said("De qué trata, tipo:id.", "What it is about, kind:id."),
    "order": Said("El pedido, si trata de uno.", "The order, if it is about one."),
    "progress": Said("Cuánto lleva, si lo dice.", "How far it is, if it tells."),
    "hold": Said("Por qué espera a una persona, si espera.", "Why it waits for a person, if it does."),
    "error": Said("El último fallo.", "The last failure."),
    "forked_from": Said("El proceso que repite.", "The process that it replays."),
    "parent": Said("El proceso que lo inició.", "The process that started it."),
    "superseded_by": Said("El proceso más nuevo que lo sustituyó.", "The newer process that took its place."),
    "created_at": Said("Cuándo se creó.", "When it was created."),
    "started_at": Said("Cuándo empezó.", "When it began."),
    "finished_at": Said("Cuándo terminó.", "When it ended."),
    "wake_at": Said("Cuándo sigue solo, si espera a una hora.", "When it goes on, if it waits for a time."),
    "url": Said("Su dirección.", "Its address."),
}

PROCESS_FIELDS = {
    **{
        f"{kind}.{name}": said
        for kind in ("ProcessResource", "WholeProcessResource")
        for name, said in _PROCESS.items()
    },
    "ReasonBody.reason": Said("Por qué; queda en la historia del proceso.", "Why; kept in the process's history."),
    "ReplayBody.reason": Said("Por qué; queda en la historia del proceso.", "Why; kept in the process's history."),
    "ReplayBody.from_step": Said(
        "El primer paso que se repite (steps.key); si falta, todo.",
        "The first step to be done again (steps.key); all when absent.",
    ),
    "AnswerBody.answer": Said("La respuesta, con la forma que se espera.", "The answer, in the shape waited for."),
    "AnswerBody.reason": Said("Por qué; queda en la historia.", "Why; kept in the history."),
    "ManyBody.processes": Said("Los procesos retenidos, hasta 200.", "The held processes, up to 200."),
    "ManyBody.answer": Said(
        "La misma respuesta para todos: action y lo que pide. No las que son de un solo comprador o factura.",
        "The same answer for all: action and what it asks for. Not those that belong to one buyer or invoice.",
    ),
    "ManyResource.done": Said("Cuántos la llevan.", "How many took it."),
    "ManyResource.refused": Said("Cuántos no.", "How many did not."),
    "ManyResource.data": Said("Cada uno.", "Each of them."),
    "OneOfManyResource.process": Said("El proceso.", "The process."),
    "OneOfManyResource.done": Said("Si la lleva.", "Whether it took it."),
    "OneOfManyResource.code": Said("Por qué no, como en los errores.", "Why not, as problems tell it."),
    "OneOfManyResource.detail": Said("Lo mismo, para personas.", "The same, for people."),
    "OneOfManyResource.superseded_by": Said("El proceso que lo sustituyó.", "The process that took its place."),
    "ActedResource.process": Said("El proceso; al repetir, el nuevo.", "The process; when replaying, the new one."),
    "ActedResource.state": Said("Su estado ahora.", "Its state now."),
    "ActedResource.url": Said("Dónde seguirlo.", "Where to follow it."),
    "WholeProcessResource.result": Said("Lo que devolvió.", "What it returned."),
    "WholeProcessResource.steps": Said("Sus pasos, en el orden en que empezaron.", "Its steps, as they began."),
    "WholeProcessResource.waits": Said("Lo que espera; se responde en su url.", "What it waits for."),
    "WholeProcessResource.children": Said("Los procesos que ha iniciado.", "The processes that it started."),
    "ProgressResource.done": Said("Lo hecho.", "What is done."),
    "ProgressResource.total": Said("El total.", "The total."),
    "ProgressResource.note": Said("En qué está.", "What it is at."),
    "ProcessHoldResource.kind": Said(
        "question: espera una respuesta · failure, poison: se reanuda.",
        "question: waits for an answer · failure, poison: is resumed.",
    ),
    "ProcessHoldResource.code": Said("Por qué, para programas.", "Why, for programs."),
    "ProcessHoldResource.message": Said("Por qué, y qué hacer.", "Why, and what to do."),
    "ProcessHoldResource.missing": Said("Lo que falta (en español).", "What is missing (in Spanish)."),
    "ProcessHoldResource.actions": Said("Lo que se puede responder.", "What may be answered."),
    "ProcessErrorResource.step": Said("El paso; vacío fuera de ellos.", "The step; empty outside of them."),
    "ProcessErrorResource.kind": Said("La clase de error.", "The class of the error."),
    "ProcessErrorResource.message": Said("La causa, si el paso la dijo.", "The cause, if the step told it."),
    "StepResource.key": Said("Su nombre.", "Its name."),
    "StepResource.kind": Said(
        "atomic, external, wait, sleep, hold, value o children.",
        "atomic, external, wait, sleep, hold, value or children.",
    ),
    "StepResource.done": Said("Si está hecho; lo hecho no se repite.", "Whether it is done; that is never repeated."),
    "StepResource.failures": Said("Intentos fallidos.", "Failed tries."),
    "StepResource.started_at": Said("Cuándo empezó.", "When it began."),
    "StepResource.finished_at": Said("Cuándo terminó.", "When it ended."),
    "StepResource.attempts": Said("Cada intento.", "Every try."),
    "AttemptResource.started_at": Said("Cuándo.", "When."),
    "AttemptResource.milliseconds": Said("Cuánto duró.", "How long it took."),
    "AttemptResource.error": Said("Por qué falló, si falló.", "Why it failed, if it did."),
    "WaitResource.key": Said("Lo que espera.", "What it waits for."),
    "WaitResource.expires_at": Said("Hasta cuándo.", "Until when."),
    "WaitResource.url": Said("Dónde se responde.", "Where it is answered."),
    "ChildrenResource.total": Said("Cuántos.", "How many."),
    "ChildrenResource.open": Said("Los que siguen.", "Those that go on."),
    "ChildrenResource.completed": Said("Los que terminaron bien.", "Those that completed."),
    "ChildrenResource.failed": Said(
        "Los que fallaron, se cancelaron o caducaron.", "Those that failed, were cancelled or expired."
    ),
}
