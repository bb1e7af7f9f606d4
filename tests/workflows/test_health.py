"""How processes fare: figures counted by hand, for the house and for one tenant, on the page and as metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, RequestFactory
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from common import admin as house
from common import clock
from config.metrics import metrics
from tests.workflows import bench
from tests.workflows.bench import Bread, drain, fetch, start
from tests.workflows.conftest import PassTime
from workflows import api, control
from workflows.errors import Abort
from workflows.execution import claim
from workflows.health import Ended, health
from workflows.journal import Run
from workflows.models import Lane
from workflows.rows import sql
from workflows.tick import tick

PAGE = "/admin/workflows/process/health/"
DAY = timedelta(days=1)


@api.workflow("health-tenanted", version=1, tenant=lambda p: p.table)
def tenanted(run: Run, p: Bread) -> int:
    """Belongs to the tenant of its table."""
    return run.step(bench.knead, p.loaves)


def minutes(process: UUID, *, created: float, started: float, finished: float) -> None:
    """Say how many minutes ago a process was made, began and ended."""
    sql(
        """
        UPDATE workflows_process SET created_at = now() - %s::float * interval '1 minute',
            started_at = now() - %s::float * interval '1 minute', finished_at = now() - %s::float * interval '1 minute'
        WHERE id = %s
        """,
        [created, started, finished, process],
    )


def one(rows: list[Ended]) -> Ended:
    [row] = rows
    return row


class TestWhatEnded:
    def test_counts_ends_rates_and_percentiles_of_the_window(self) -> None:
        # durations 1, 2, 3, 4 min; waits all 1 min: p50 = 2.5 min, p95 = 3.85 min (linear between the ranks)
        for duration in (1, 2, 3, 4):
            process = start(bench.in_order_skipping, Bread("one"))
            drain()
            minutes(process, created=duration + 2, started=duration + 1, finished=1)
        bench.faults.append(Abort("no flour"))
        failed = start(bench.in_order_skipping, Bread("one"))
        drain()
        minutes(failed, created=3, started=2, finished=1)
        cancelled = start(bench.in_order_skipping, Bread("one"))
        control.cancel(cancelled, now=clock.now(), actor="eva", reason="enough")
        ended = one(health(clock.now()).ended)
        assert (ended.workflow, ended.completed, ended.failed, ended.cancelled, ended.expired) == (
            "skipping",
            4,
            1,
            1,
            0,
        )
        assert ended.success_rate == pytest.approx(4 / 5)
        assert ended.retried == 1
        assert ended.retry_rate == pytest.approx(1 / 6)
        # the failed one lasted 1 minute too: 1, 1, 2, 3, 4
        assert ended.duration_p50 == pytest.approx(120)
        assert ended.duration_p95 == pytest.approx(60 * 3.8)
        assert ended.wait_p50 == pytest.approx(60)

    def test_before_the_window_is_left_out(self, pass_time: PassTime) -> None:
        start(bench.bakery, Bread("one"))
        drain()
        pass_time(timedelta(hours=25))
        assert health(clock.now(), window=DAY).ended == []
        assert one(health(clock.now(), window=2 * DAY).ended).completed == 1

    def test_without_any_end_has_no_rates(self) -> None:
        nothing = Ended("w", 0, 0, 0, 0, 0, None, None, None, None)
        assert (nothing.success_rate, nothing.retry_rate) == (None, None)

    def test_of_one_tenant_is_its_own(self) -> None:
        for table in ("mine", "mine", "yours"):
            start(tenanted, Bread(table))
        drain()
        seen = health(clock.now(), tenants=["mine"])
        assert one(seen.ended).completed == 2
        assert (seen.lanes, seen.workers) == ([], [])
        assert health(clock.now(), tenants=[]).ended == []


class TestWhatIsOpen:
    def test_is_counted_by_state_with_the_age_in_it(self, pass_time: PassTime) -> None:
        start(bench.waiting, Bread("one"))
        drain()
        pass_time(timedelta(minutes=10))
        start(bench.waiting, Bread("two"))
        drain()
        start(bench.bakery, Bread("one"))
        pass_time(timedelta(minutes=5))
        seen = health(clock.now())
        found = {(it.workflow, it.state): (it.count, round(it.seconds(seen.now) / 60)) for it in seen.open}
        assert found == {("waiting", "waiting"): (2, 15), ("bakery", "pending"): (1, 5)}
        assert seen.oldest_pending
        assert seen.oldest_pending.workflow == "bakery"

    def test_that_is_to_begin_later_has_not_waited(self, pass_time: PassTime) -> None:
        start(bench.bakery, Bread("one"), not_before=clock.now() + timedelta(hours=1))
        pass_time(timedelta(minutes=50))
        [standing] = health(clock.now()).open
        assert standing.seconds(clock.now()) < 1
        pass_time(timedelta(minutes=30))
        [standing] = health(clock.now()).open
        assert round(standing.seconds(clock.now()) / 60) == 20

    def test_is_no_younger_for_a_job_that_was_replaced(self, pass_time: PassTime) -> None:
        start(bench.bakery, Bread("one"))
        fetch()
        pass_time(timedelta(minutes=7))
        tick()
        [standing] = health(clock.now()).open
        assert round(standing.seconds(clock.now()) / 60) == 7


class TestLanesAndWorkers:
    def test_show_who_is_busy_and_who_is_gone(self) -> None:
        now = datetime.now(UTC)
        sql(
            """
            INSERT INTO workflows_worker (name, queues, slots, started_at, seen_at) VALUES
                ('here', '{default,pdf}', 4, %s, %s), ('gone', '{default}', 8, %s, %s)
            """,
            [now, now, now, now - timedelta(seconds=20)],
        )
        for _ in range(7):
            start(bench.bakery, Bread("one"))
        job = fetch()
        assert job
        claim(job.process, job.fence, worker="here")
        seen = health(clock.now())
        [worker] = seen.workers
        assert (worker.name, worker.queues, worker.slots, worker.busy) == ("here", ["default", "pdf"], 4, 1)
        [lane] = seen.lanes
        assert (lane.key, lane.active, lane.limit, lane.queued) == ("bakery", 5, 5, 2)

    def test_show_a_paused_lane_and_no_idle_one(self) -> None:
        Lane.objects.create(key="idle", limit=5)
        Lane.objects.create(key="closed", limit=5, paused=True)
        assert [(lane.key, lane.paused) for lane in health(clock.now()).lanes] == [("closed", True)]


class TestThePage:
    @pytest.fixture
    def eva(self) -> User:
        """Works for the tenant `mine` and may see processes."""
        eva = User.objects.create_user("eva", is_staff=True)
        eva.user_permissions.add(Permission.objects.get(codename="view_process"))
        return eva

    @pytest.fixture
    def scope(self) -> Iterator[None]:
        """Eva's tenants; a superuser's are asked for no more than their names."""
        before = house._scope
        house.scope_by(lambda user: {"mine": "La mía"})
        yield
        if before:
            house.scope_by(before)

    def test_shows_a_superuser_everything(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("root"))
        start(tenanted, Bread("yours"))
        drain()
        start(bench.waiting, Bread("one"))
        page = client.get(PAGE).content.decode()
        assert "health-tenanted" in page
        assert "100,0 %" in page
        assert "No hay ningún trabajador en marcha" in page
        assert "Carriles con trabajo" in page

    def test_shows_others_what_is_theirs(self, client: Client, eva: User, scope: None) -> None:
        client.force_login(eva)
        start(tenanted, Bread("yours"))
        drain()
        assert "health-tenanted" not in client.get(PAGE).content.decode()
        start(tenanted, Bread("mine"))
        drain()
        page = client.get(PAGE).content.decode()
        assert "health-tenanted" in page
        assert "Carriles con trabajo" not in page
        assert "No hay ningún trabajador" not in page

    def test_is_closed_to_whoever_may_see_no_process(self, client: Client) -> None:
        client.force_login(User.objects.create_user("nadie", is_staff=True))
        assert client.get(PAGE).status_code == 403

    def test_shows_the_window_that_is_asked_for(self, client: Client, pass_time: PassTime) -> None:
        client.force_login(User.objects.create_superuser("root"))
        start(bench.bakery, Bread("one"))
        drain()
        pass_time(timedelta(hours=3))
        assert "bakery" not in client.get(PAGE, {"horas": "1"}).content.decode()
        assert "bakery" in client.get(PAGE, {"horas": "24"}).content.decode()
        assert client.get(PAGE, {"horas": "nonsense"}).status_code == 200

    def test_is_in_the_sidebar_beside_the_workers(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("root"))
        page = client.get("/admin/").content.decode()
        assert f'href="{PAGE}"' in page
        assert 'href="/admin/workflows/worker/"' in page

    def test_of_workers_is_read_only(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("root"))
        now = datetime.now(UTC)
        sql("INSERT INTO workflows_worker VALUES ('here:7', '{default,pdf}', 4, %s, %s)", [now, now])
        assert "here:7" in client.get("/admin/workflows/worker/").content.decode()
        assert "default, pdf" in client.get("/admin/workflows/worker/here_3A7/change/").content.decode()
        assert client.get("/admin/workflows/worker/add/").status_code == 403
        assert client.post("/admin/workflows/worker/here_3A7/change/", {"slots": 9}).status_code == 403
        assert client.post("/admin/workflows/worker/here_3A7/delete/", {"post": "yes"}).status_code == 403


class TestMetrics:
    def figures(self, client: Client) -> dict[tuple[str, ...], float]:
        """name and values of its labels, in the order of their names -> value."""
        response = client.get("/metrics")
        assert response.status_code == 200
        return {
            (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(response.content.decode())
            for sample in family.samples
        }

    def test_are_the_databases(self, client: Client, pass_time: PassTime) -> None:
        bench.faults.append(OSError("cold"))
        start(bench.bakery, Bread("one"))
        drain()
        start(bench.waiting, Bread("one"))
        drain()
        start(bench.twice, Bread("one", 2))
        drain()
        start(bench.bakery, Bread("two"))
        pass_time(timedelta(minutes=2))
        figures = self.figures(client)
        assert figures["workflows_processes", "retrying", "bakery"] == 1
        assert figures["workflows_processes", "pending", "bakery"] == 1
        assert figures["workflows_processes", "waiting", "waiting"] == 1
        assert figures["workflows_processes", "held", "waiting"] == 0
        assert figures["workflows_oldest_pending_seconds",] == pytest.approx(120, abs=5)
        assert figures["workflows_ended_last_hour", "completed", "twice"] == 1
        assert figures["workflows_step_failures_last_hour", "knead", "bakery"] == 1
        assert figures["workflows_attempts_total",] == 3
        assert (figures["workflows_lane_active", "bakery"], figures["workflows_lane_limit", "bakery"]) == (1, 5)
        assert figures["workflows_workers",] == 0
        assert figures["verifactu_records_open", "pending"] == 0

    def test_are_ours_alone(self, client: Client) -> None:
        assert {name.partition("_")[0] for name, *_ in self.figures(client)} == {"workflows", "verifactu"}

    def asked(self, address: str, **headers: str) -> int:
        """The status for somebody who asks from an address."""
        return metrics(RequestFactory().get("/metrics", headers=headers, REMOTE_ADDR=address)).status_code

    def test_without_token_are_for_this_machine_alone(self) -> None:
        assert self.asked("127.0.0.1") == 200
        assert self.asked("::1") == 200
        assert self.asked("10.0.0.7") == 403
        assert self.asked("") == 403
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"):
            assert self.asked("127.0.0.1", **{header: "127.0.0.1"}) == 403

    def test_with_token_are_for_whoever_bears_it(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = "flour-and-water"
        assert self.asked("10.0.0.7", Authorization="Bearer flour-and-water") == 200
        assert self.asked("10.0.0.7", Authorization="Bearer flour") == 403
        assert self.asked("10.0.0.7", Authorization="flour-and-water") == 403
        assert self.asked("10.0.0.7", Authorization="Bearer ñ") == 403
        assert self.asked("127.0.0.1") == 403
