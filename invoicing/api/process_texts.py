"""What the API's document says of processes, in both languages."""

from common.words import Words

_PROCESS = {
    "id": Words("El proceso.", "The process."),
    "workflow": Words("Qué hace.", "What it does."),
    "version": Words("La versión del programa con que empezó.", "The version of the program that it began with."),
    "state": Words(
        "pending: en cola · processing: en marcha · waiting: espera · retrying: se reintentará · held: espera a una "
        "persona · completed, failed, cancelled, expired: ha terminado.",
        "pending · processing · waiting · retrying · held: waits for a person · completed, failed, cancelled, expired: "
        "it has ended.",
    ),
    "tags": Words("De qué trata, tipo:id.", "What it is about, kind:id."),
    "order": Words("El pedido, si trata de uno.", "The order, if it is about one."),
    "progress": Words("Cuánto lleva, si lo dice.", "How far it is, if it tells."),
    "hold": Words("Por qué espera a una persona, si espera.", "Why it waits for a person, if it does."),
    "error": Words("El último fallo.", "The last failure."),
    "forked_from": Words("El proceso que repite.", "The process that it replays."),
    "parent": Words("El proceso que lo inició.", "The process that started it."),
    "superseded_by": Words("El proceso más nuevo que lo sustituyó.", "The newer process that took its place."),
    "created_at": Words("Cuándo se creó.", "When it was created."),
    "started_at": Words("Cuándo empezó.", "When it began."),
    "finished_at": Words("Cuándo terminó.", "When it ended."),
    "wake_at": Words("Cuándo sigue solo, si espera a una hora.", "When it goes on, if it waits for a time."),
    "url": Words("Su dirección.", "Its address."),
}

PROCESS_FIELDS = {
    **{
        f"{kind}.{name}": said
        for kind in ("ProcessResource", "WholeProcessResource")
        for name, said in _PROCESS.items()
    },
    "ReasonBody.reason": Words("Por qué; queda en la historia del proceso.", "Why; kept in the process's history."),
    "ReplayBody.reason": Words("Por qué; queda en la historia del proceso.", "Why; kept in the process's history."),
    "ReplayBody.from_step": Words(
        "El primer paso que se repite (steps.key); si falta, todo.",
        "The first step to be done again (steps.key); all when absent.",
    ),
    "AnswerBody.answer": Words("La respuesta, con la forma que se espera.", "The answer, in the shape waited for."),
    "AnswerBody.reason": Words("Por qué; queda en la historia.", "Why; kept in the history."),
    "ManyBody.processes": Words("Los procesos retenidos, hasta 200.", "The held processes, up to 200."),
    "ManyBody.answer": Words(
        "La misma respuesta para todos: action y lo que pide. No las que son de un solo comprador o factura.",
        "The same answer for all: action and what it asks for. Not those that belong to one buyer or invoice.",
    ),
    "ManyResource.done": Words("Cuántos la llevan.", "How many took it."),
    "ManyResource.refused": Words("Cuántos no.", "How many did not."),
    "ManyResource.data": Words("Cada uno.", "Each of them."),
    "OneOfManyResource.process": Words("El proceso.", "The process."),
    "OneOfManyResource.done": Words("Si la lleva.", "Whether it took it."),
    "OneOfManyResource.code": Words("Por qué no, como en los errores.", "Why not, as problems tell it."),
    "OneOfManyResource.detail": Words("Lo mismo, para personas.", "The same, for people."),
    "OneOfManyResource.superseded_by": Words("El proceso que lo sustituyó.", "The process that took its place."),
    "ActedResource.process": Words("El proceso; al repetir, el nuevo.", "The process; when replaying, the new one."),
    "ActedResource.state": Words("Su estado ahora.", "Its state now."),
    "ActedResource.url": Words("Dónde seguirlo.", "Where to follow it."),
    "WholeProcessResource.result": Words("Lo que devolvió.", "What it returned."),
    "WholeProcessResource.steps": Words("Sus pasos, en el orden en que empezaron.", "Its steps, as they began."),
    "WholeProcessResource.waits": Words("Lo que espera; se responde en su url.", "What it waits for."),
    "WholeProcessResource.children": Words("Los procesos que ha iniciado.", "The processes that it started."),
    "ProgressResource.done": Words("Lo hecho.", "What is done."),
    "ProgressResource.total": Words("El total.", "The total."),
    "ProgressResource.note": Words("En qué está.", "What it is at."),
    "ProcessHoldResource.kind": Words(
        "question: espera una respuesta · failure, poison: se reanuda.",
        "question: waits for an answer · failure, poison: is resumed.",
    ),
    "ProcessHoldResource.code": Words("Por qué, para programas.", "Why, for programs."),
    "ProcessHoldResource.message": Words("Por qué, y qué hacer.", "Why, and what to do."),
    "ProcessHoldResource.missing": Words("Lo que falta (en español).", "What is missing (in Spanish)."),
    "ProcessHoldResource.actions": Words("Lo que se puede responder.", "What may be answered."),
    "ProcessErrorResource.step": Words("El paso; vacío fuera de ellos.", "The step; empty outside of them."),
    "ProcessErrorResource.kind": Words("La clase de error.", "The class of the error."),
    "ProcessErrorResource.message": Words("La causa, si el paso la dijo.", "The cause, if the step told it."),
    "StepResource.key": Words("Su nombre.", "Its name."),
    "StepResource.kind": Words(
        "atomic, external, wait, sleep, hold, value o children.",
        "atomic, external, wait, sleep, hold, value or children.",
    ),
    "StepResource.done": Words("Si está hecho; lo hecho no se repite.", "Whether it is done; that is never repeated."),
    "StepResource.failures": Words("Intentos fallidos.", "Failed tries."),
    "StepResource.started_at": Words("Cuándo empezó.", "When it began."),
    "StepResource.finished_at": Words("Cuándo terminó.", "When it ended."),
    "StepResource.attempts": Words("Cada intento.", "Every try."),
    "AttemptResource.started_at": Words("Cuándo.", "When."),
    "AttemptResource.milliseconds": Words("Cuánto duró.", "How long it took."),
    "AttemptResource.error": Words("Por qué falló, si falló.", "Why it failed, if it did."),
    "WaitResource.key": Words("Lo que espera.", "What it waits for."),
    "WaitResource.expires_at": Words("Hasta cuándo.", "Until when."),
    "WaitResource.url": Words("Dónde se responde.", "Where it is answered."),
    "ChildrenResource.total": Words("Cuántos.", "How many."),
    "ChildrenResource.open": Words("Los que siguen.", "Those that go on."),
    "ChildrenResource.completed": Words("Los que terminaron bien.", "Those that completed."),
    "ChildrenResource.failed": Words(
        "Los que fallaron, se cancelaron o caducaron.", "Those that failed, were cancelled or expired."
    ),
}
