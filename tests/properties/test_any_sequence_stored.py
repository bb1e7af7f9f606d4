"""Orders of several shops of one company, told in any order, through the real database, workflows and crashes.

Deliveries go through intake, capture, decide and issue as they are, drained in this process; shops are asked over HTTP.
The ledger must verify afterwards, and each order come to what the same life comes to in order (story.py).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from common import clock
from common.verification import broken_seals, ledger_models
from config.demo.catalogue import cif
from invoicing import flows, pulling, verification
from invoicing.balance import Amounts, Kind
from invoicing.deciding import issued_for
from invoicing.intake import receive
from invoicing.issued import figures
from invoicing.models import Company, Connection, Invoice, Order
from invoicing.storefronts import Identity
from tests.databases import Database
from tests.properties.book import paid_by_rate
from tests.properties.life import Dice, Life, lives
from tests.properties.shapes import OWN
from tests.properties.story import Story
from tests.properties.telling import Told
from tests.shops_standin.joined import join
from tests.shops_standin.platforms import SHOPS
from tests.shops_standin.server import Shop, StandIn
from tests.workflows import bench
from tests.world import la_encina, shop
from verifactu.models import Installation
from verifactu.verification import broken_links
from workflows.history import illegal_histories
from workflows.models import Process
from workflows.rows import sql
from workflows.tick import tick

STEPS = (flows.take_in, flows.decide, flows.issue, flows.look_again, flows.leave)
PLATFORMS = ("shopify", "woocommerce", "prestashop", "magento", "stripe", "bigcommerce", "api", "generic")
PARTS_INVOICED = ("prestashop", "magento", "api")
"""Connections that have what is received before the rest invoiced."""
numbers = count(1)


class Killed(BaseException):
    """Stands for the end of a worker: nothing catches it, and what was not committed is gone."""


@dataclass
class Sent:
    """A delivery on the way to its connection."""

    connection: Connection
    told: Told


@dataclass
class Result:
    """What became of an order in the database."""

    held: str
    net: Mapping[Kind, Amounts]
    paid: Mapping[Decimal, Decimal]
    guessed: set[str]


class Stored(RuleBasedStateMachine):
    """One company, two shops, a few orders."""

    internet: StandIn
    begun = False

    @initialize(data=st.data(), platforms=st.lists(st.sampled_from(PLATFORMS), min_size=2, max_size=2, unique=True))
    def open(self, data: Any, platforms: list[str]) -> None:
        self.began = clock.now().replace(microsecond=0) - timedelta(days=3)
        self.company: Company = la_encina(nif=cif("B", 2_000_000 + next(numbers)))
        self.company.oss_from = date(2026, 1, 1)
        self.company.save()
        self.shops: dict[str, tuple[Connection, Shop | None]] = {}
        for platform in platforms:
            self.shops[platform] = self._connect(platform)
        self.stories: list[Story] = []
        self.way: list[Sent] = []
        self.arrived: list[Sent] = []
        self.begun = True
        for platform in platforms:
            self._place(data, platform)

    @precondition(lambda self: len(self.stories) < 4)
    @rule(data=st.data())
    def place(self, data: Any) -> None:
        self._place(data, Dice(data).one_of(list(self.shops)))

    @rule(data=st.data(), after=st.sampled_from((0, 1, 40, 4000)))
    def live(self, data: Any, after: int) -> None:
        dice = Dice(data)
        story = dice.one_of(self.stories)
        self._send(story, story.goes_on(dice, after))

    @precondition(lambda self: self.way)
    @rule(data=st.data())
    def deliver(self, data: Any) -> None:
        self._arrive(self.way.pop(data.draw(st.integers(0, len(self.way) - 1))))

    @rule()
    def deliver_all(self) -> None:
        while self.way:
            self._arrive(self.way.pop())

    @precondition(lambda self: self.arrived)
    @rule(data=st.data(), known=st.booleans())
    def deliver_again(self, data: Any, known: bool) -> None:
        """The same again, or what another delivery says as well."""
        one = data.draw(st.sampled_from(self.arrived))
        self._arrive(one if known else replace(one, told=replace(one.told, key=f"{one.told.key}+{len(self.arrived)}")))

    @rule(jobs=st.integers(1, 4))
    def work_a_little(self, jobs: int) -> None:
        work(jobs)

    @rule()
    def work(self) -> None:
        work()

    @rule(step=st.sampled_from(STEPS))
    def die_at(self, step: Any) -> None:
        """A worker dies behind what a step did and before its commit; another takes its process up from the journal."""
        function = step.function

        def dies(*values: Any) -> Any:
            function(*values)
            raise Killed

        step.function = dies
        try:
            work()
        except Killed:
            pass
        finally:
            step.function = function
        recover()
        work()

    @rule()
    def lose_a_job(self) -> None:
        """A wake-up is gone with the worker that had fetched it."""
        bench.fetch()
        recover()

    def teardown(self) -> None:
        if not self.begun:
            return
        self.deliver_all()
        work()
        for story in self.stories:
            self._say_at_last(story)
        work()
        self._verify()
        for story in self.stories:
            story.compare(self._result(story))

    # --- what the rules share ---------------------------------------------------------------------------------------

    def _connect(self, platform: str) -> tuple[Connection, Shop | None]:
        connection, opened = self._connected(platform)
        connection.part_payments = "invoice" if platform in PARTS_INVOICED else "hold"
        connection.save()
        return connection, opened

    def _connected(self, platform: str) -> tuple[Connection, Shop | None]:
        since = self.began - timedelta(hours=1)
        if platform in OWN:
            connection = shop(self.company, platform)
            connection.invoice_from = since
            connection.save()
            return connection, None
        opened = self.internet.open(SHOPS[platform]())
        return join(self.company, opened, invoice_from=since), opened

    def _place(self, data: Any, platform: str) -> None:
        drawn: Life = data.draw(lives((platform,), number=4000 + len(self.stories), at=self.began))
        pulls = platform not in OWN
        drawn.shape = replace(drawn.shape, pulls=pulls, net=drawn.shape.net and not pulls,
                              parts=platform in PARTS_INVOICED)  # fmt: skip
        story = Story(drawn)
        if opened := self.shops[platform][1]:
            opened.add([drawn.order])
        self.stories.append(story)
        self._send(story, story.tells("placed"))
        if "pay" in drawn.options():
            self._send(story, story.happens("pay", Dice(data), 20))

    def _send(self, story: Story, told: list[Told]) -> None:
        self.way += [Sent(self.shops[story.life.shape.platform][0], each) for each in told]

    def _arrive(self, one: Sent) -> None:
        self.arrived.append(one)
        told = one.told
        identity = Identity(
            delivery_key=f"{told.key}-{hashlib.sha256(told.body).hexdigest()[:16]}",
            topic=told.topic,
            triggered_at=told.triggered_at,
        )
        receive(one.connection, body=told.body, headers={}, identity=identity, now=clock.now())

    def _say_at_last(self, story: Story) -> None:
        connection, opened = self.shops[story.life.shape.platform]
        if opened is None:
            self._arrive(Sent(connection, replace(story.at_last(), key=f"last-{next(numbers)}")))
        else:
            bundle = pulling.client_of(connection).order(opened.identity(story.life.order))
            flows.take_pulled(connection, bundle, now=clock.now())

    def _verify(self) -> None:
        company = self.company
        findings = [finding for check in verification.company_checks(company) for finding in check()]
        for installation in Installation.objects.filter(taxpayer=company.taxpayer).select_related("taxpayer"):
            findings += broken_links(installation)
        for model in ledger_models():
            findings += broken_seals(model.to_be_verified())
        findings += illegal_histories()
        assert not findings, findings
        stuck = Process.objects.filter(tenant=company.tenant, workflow__in=("capture", "invoice-order"))
        left = stuck.exclude(state__in=("completed", "superseded", "cancelled"))
        waiting = [(row.workflow, row.state, row.hold, row.error) for row in left if not (row.hold or {}).get("code")]
        assert not waiting, waiting
        for series, total in sql(
            "SELECT series_id, max(number) - count(*) FROM invoicing_invoice WHERE company_id = %s GROUP BY 1",
            [company.pk],
        ):
            assert total == 0, f"a gap in {series}"

    def _result(self, story: Story) -> Result:
        connection, opened = self.shops[story.life.shape.platform]
        identity = opened.identity(story.life.order) if opened else story.life.order.id
        order = (
            Order.objects.select_related("connection", "current")
            .filter(connection=connection, external_id=identity)
            .first()
        )
        if order is None:
            return Result("", {}, {}, set())
        held = Process.objects.filter(
            workflow="invoice-order", state="held", idempotency_key__startswith=f"order:{order.pk}:"
        ).values_list("hold", flat=True)
        names = list(Invoice.objects.filter(order=order).values_list("purpose", "refund"))
        assert len(names) == len(set(names)), names
        issued = issued_for(order)
        code = "".join(str(hold["code"]) for hold in held)
        return Result(code, figures(issued.in_force), paid_by_rate(issued), set())


def work(jobs: int = 10_000) -> None:
    """Do what waits, but for PDFs and the AEAT."""
    while jobs and (job := bench.fetch()):
        if job.queue != "pdf":
            job.run()
        jobs -= 1


def recover() -> None:
    """Let the leases of the dead run out, and the tick find what they left."""
    sql("UPDATE workflows_process SET lease_until = now() - interval '1 s' WHERE state = 'processing'")
    tick()


def run(internet: StandIn, examples: int, steps: int, **more: Any) -> None:
    class Machine(Stored):
        pass

    Machine.internet = internet
    run_state_machine_as_test(
        Machine,
        settings=settings(max_examples=examples, stateful_step_count=steps, database=None, deadline=None,
                          suppress_health_check=list(HealthCheck), **more),
    )  # fmt: skip


def test_whatever_comes_the_ledger_holds(fresh_database: Database) -> None:
    with StandIn() as internet:
        run(internet, 2, 10)


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(5))
def test_it_holds_through_long_histories(fresh_database: Database, part: int) -> None:
    """In parts, each in a database of its own: what is verified at the end of each history is all that is there."""
    with StandIn() as internet:
        run(internet, 30, 30, derandomize=False)
