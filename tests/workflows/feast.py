"""A feast at the bakery: workflows with children, resources, limits of time, and steps that are taken back."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from tests.workflows.bench import Answer, effects, faults
from workflows import api
from workflows.errors import Abort, ChildFailed
from workflows.journal import Run


class Dish(msgspec.Struct, frozen=True):
    """What one cook makes."""

    name: str
    spoiled: bool = False


class Feast(msgspec.Struct, frozen=True):
    """Many dishes."""

    name: str
    dishes: int
    spoiled: tuple[int, ...] = ()


class Menu(msgspec.Struct, frozen=True):
    """What came of a feast."""

    names: tuple[str, ...]
    failed: int


@api.step
def cook(dish: Dish) -> str:
    """Make a dish."""
    if faults:
        raise faults.pop(0)
    if dish.spoiled:
        raise Abort(f"{dish.name} is spoiled")
    return f"{dish.name} cooked"


@api.workflow("dish", version=1, lane=lambda p: api.Lane("kitchen", 3))
def dish(run: Run, p: Dish) -> str:
    """One cook, one dish."""
    return run.step(cook, p)


@api.workflow("single", version=1)
def single(run: Run, p: Dish) -> str:
    """Have one dish made by somebody else."""
    return f"{run.child(dish, p)} and served"


@api.workflow("consoled", version=1)
def consoled(run: Run, p: Dish) -> str:
    """Serve bread where the dish failed."""
    try:
        return str(run.child(dish, p))
    except ChildFailed:
        return "bread"


def _dishes(p: Feast) -> list[Dish]:
    return [Dish(f"{p.name} {n}", spoiled=n in p.spoiled) for n in range(p.dishes)]


@api.workflow("feast", version=1)
def feast(run: Run, p: Feast) -> Menu:
    """All dishes or none."""
    batch = run.batch(dish, _dishes(p))
    return Menu(tuple(batch.results()), batch.counts().failed)


@api.workflow("buffet", version=1)
def buffet(run: Run, p: Feast) -> Menu:
    """Whatever is ready."""
    batch = run.batch(dish, _dishes(p), on_failure="collect")
    return Menu(tuple(batch.results()), batch.counts().failed)


@api.workflow("banquet", version=1)
def banquet(run: Run, p: Feast) -> Menu:
    """The first that spoils ends it."""
    batch = run.batch(dish, _dishes(p), on_failure="stop")
    return Menu(tuple(batch.results()), batch.counts().failed)


@api.workflow(
    "shared-oven", version=1, lane=lambda p: api.Lane(f"table:{p.name}", 5), resource=lambda p: api.Lane("one-oven", 2)
)
def shared_oven(run: Run, p: Dish) -> str:
    """Many tables, one oven with two places."""
    return run.step(cook, p)


@api.workflow(
    "either-oven",
    version=1,
    lane=lambda p: api.Lane("either", 5),
    resource=lambda p: api.Lane(f"oven:{p.name}", 1),
)
def either_oven(run: Run, p: Dish) -> str:
    """One table, an oven for each name."""
    return run.step(cook, p)


@api.workflow("slowly", version=1, lane=lambda p: api.Lane("slowly", 100, rate="3/min"))
def slowly(run: Run, p: Dish) -> str:
    """Three a minute."""
    return run.step(cook, p)


@api.workflow("fresh", version=1, lane=lambda p: api.Lane("fresh", 1), start_within=timedelta(minutes=5),
              order_by=lambda p: f"fresh:{p.name}")  # fmt: skip
def fresh(run: Run, p: Dish) -> str:
    """Not worth cooking after five minutes."""
    return run.step(cook, p)


@api.workflow("in-time", version=1, max_duration=timedelta(hours=1))
def in_time(run: Run, p: Dish) -> str:
    """Waits for the guests, an hour at most."""
    return run.wait("guests", Answer, key=f"guests:{p.name}").word


@api.workflow("daily", version=1, idempotency_key=lambda p: p.name, key_lasts=timedelta(days=1))
def daily(run: Run, p: Dish) -> str:
    """Once a day."""
    return run.step(cook, p)


@api.workflow("latest", version=1, once_key=lambda p: "latest", settle_max=timedelta(seconds=30))
def latest(run: Run, p: Dish) -> str:
    """The last word counts."""
    return run.step(cook, p)


@api.step.external()
def clear(dish: Dish, plate: str, *, idempotency_key: str) -> str:
    """Take a plate from the table."""
    effects.append(f"clear {plate}")
    if faults:
        raise faults.pop(0)
    return "cleared"


@api.step.external(undo=clear)
def serve(dish: Dish, *, idempotency_key: str) -> str:
    """Put a plate on the table."""
    effects.append(f"serve {dish.name}")
    return f"plate of {dish.name}"


@api.step
def pay(total: int) -> str:
    """The bill."""
    raise Abort("no money")


@api.workflow("dinner", version=1)
def dinner(run: Run, p: Feast) -> str:
    """Serve everything, then be paid; unpaid, clear the table again."""
    for one in _dishes(p):
        run.step(serve, one, key=one.name)
    return run.step(pay, p.dishes)


@api.workflow("rsvp", version=1)
def rsvp(run: Run, p: Dish) -> str:
    """Waits a day for an answer, and takes silence for a no."""
    return run.wait(
        "rsvp", Answer, key=f"rsvp:{p.name}", expires=timedelta(days=1), on_expiry=Answer("no")
    ).word  # fmt: skip


@api.workflow("hasty-rsvp", version=1)
def hasty_rsvp(run: Run, p: Dish) -> str:
    """Takes an answer that is there already, and waits for none."""
    return run.wait(
        "rsvp", Answer, key=f"rsvp:{p.name}", expires=timedelta(0), on_expiry=Answer("no")
    ).word  # fmt: skip


@api.workflow("strict-rsvp", version=1, on_failure="hold")
def strict_rsvp(run: Run, p: Dish) -> str:
    """Waits a day for an answer, and cannot go on without."""
    return run.wait("rsvp", Answer, key=f"rsvp:{p.name}", expires=timedelta(days=1)).word


class Sealed(msgspec.Struct, frozen=True):
    """A moment and an identity that stay the same."""

    at: datetime
    id: UUID
    other: UUID
    answer: str


@api.workflow("sealed", version=1)
def sealed(run: Run, p: Dish) -> Sealed:
    """Asks for the time and a name before it waits, and tells them after."""
    at, one, other = run.now(), run.uuid(), run.uuid()
    return Sealed(at, one, other, run.wait("seal", Answer, key=f"seal:{p.name}").word)


@api.workflow("telling", version=1)
def telling(run: Run, p: Feast) -> str:
    """Shows how far it is."""
    for n in range(p.dishes):
        run.progress(n + 1, p.dishes, f"dish {n + 1}")
    return "told"


@api.workflow("served", version=1)
def served(run: Run, p: Feast) -> list[str]:
    """Whatever is ready, and then a step of one's own."""
    batch = run.batch(dish, _dishes(p), on_failure="collect")
    last = run.step(cook, Dish("table"))
    return [*batch.results(), last]
