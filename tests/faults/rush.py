"""Many deliveries at once from clients who repeat what is not taken, as the shops do."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from common import clock
from config.demo.orders import Post, morning
from config.demo.payloads import body
from config.demo.post import HEADERS
from tests.deadline import eventually
from tests.journeys.house import House, Shops

GIVING_UP = 60.0
"""Seconds for which a client repeats one delivery."""


@dataclass
class Rush:
    """A morning's deliveries, each posted twice, in no order."""

    posts: list[Post]
    invoiced: int
    held: int
    answers: dict[int, int] = field(default_factory=dict)
    """How often each HTTP status was answered; 0 counts connections that broke."""


def a_morning(count: int, *, seed: int) -> Rush:
    """Return the deliveries of so many orders, every one twice; one order in twenty-five needs a person."""
    groups = morning(count, now=clock.now(), seed=seed)
    posts = [post for group in groups for post in group] * 2
    random.Random(seed).shuffle(posts)
    held = len(range(7, count, 25))
    return Rush(posts, invoiced=count - held, held=held)


def post_all(house: House, shops: Shops, rush: Rush, *, clients: int) -> None:
    """Post everything from so many clients at once; each repeats its delivery until it is taken."""
    lock = threading.Lock()

    def deliver(post: Post) -> None:
        data, door = body(post.sale), shops[post.sale.platform]
        headers = {"Content-Type": "application/json", **HEADERS[post.sale.platform](post, data, door.secret)}

        def taken() -> bool:
            try:
                status = session.post(door.url, data=data, headers=headers, timeout=30).status_code
            except requests.RequestException:
                status = 0
            with lock:
                rush.answers[status] = rush.answers.get(status, 0) + 1
            return status in (200, 202)

        eventually(taken, GIVING_UP, every=0.2, message=f"{post.topic} {post.sale.number} was never taken")

    with requests.Session() as session, ThreadPoolExecutor(clients) as pool:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=clients))
        for done in pool.map(deliver, rush.posts):
            assert done is None


@contextmanager
def killing(house: House, *, every: float, seed: int) -> Iterator[list[str]]:
    """Kill -9 one worker after another, `every` so many seconds, while the block runs; lend the list of the dead."""
    dice, over, dead = random.Random(seed), threading.Event(), list[str]()

    def kill() -> None:
        while not over.wait(every):
            alive = [name for name in house.supervisor.pids() if name.startswith(("worker", "pdf"))]
            if alive:
                dead.append(dice.choice(sorted(alive)))
                house.kill(dead[-1])

    thread = threading.Thread(target=kill, name="killer")
    thread.start()
    try:
        yield dead
    finally:
        over.set()
        thread.join()
