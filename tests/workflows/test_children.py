"""A parent and its children: results, failures, cancelling, and a parent that holds nothing while it waits."""

from common import clock
from tests.workflows import bench, feast
from tests.workflows.bench import drain, error_of, fetch, result
from tests.workflows.feast import Dish, Feast
from tests.workflows.test_flow_control import start
from workflows import control
from workflows.children import CHUNK
from workflows.errors import Abort
from workflows.models import Lane, Process, Step
from workflows.rows import sql
from workflows.tick import tick


class TestOne:
    def test_gives_its_result_to_the_parent(self) -> None:
        parent = start(feast.single, Dish("soup"))
        drain()
        assert parent.result() == "soup cooked and served"
        child = Process.objects.get(workflow="dish")
        assert (child.parent_id, child.parent_key) == (parent.id, "dish")

    def test_that_fails_fails_the_parent_with_its_reason(self) -> None:
        parent = start(feast.single, Dish("soup", spoiled=True))
        drain()
        assert parent.state() == "failed"
        assert "soup is spoiled" in error_of(parent.id)["message"]

    def test_may_fail_where_the_parent_knows_what_to_do(self) -> None:
        parent = start(feast.consoled, Dish("soup", spoiled=True))
        drain()
        assert parent.result() == "bread"

    def test_is_resumed_first_and_then_the_parent(self) -> None:
        parent = start(feast.single, Dish("soup"))
        bench.faults.append(Abort("no gas"))
        drain()
        child = Process.objects.get(workflow="dish")
        assert (child.state, parent.state()) == ("failed", "failed")
        control.resume(child.pk, now=clock.now(), actor="Ana", reason="gas is back")
        control.resume(parent.id, now=clock.now(), actor="Ana", reason="gas is back")
        drain()
        assert parent.result() == "soup cooked and served"


class TestBatch:
    def test_returns_all_results_in_order(self) -> None:
        parent = start(feast.feast, Feast("tapa", 12))
        drain()
        assert parent.result().names == tuple(f"tapa {n} cooked" for n in range(12))

    def test_holds_neither_lane_nor_worker_while_it_waits(self) -> None:
        parent = start(feast.feast, Feast("tapa", 5))
        job = fetch()
        assert job
        job.run()
        assert parent.state() == "waiting"
        assert Lane.objects.get(key="workflow:feast").active == 0
        assert Lane.objects.get(key="kitchen").active == 3
        drain()
        assert parent.state() == "completed"

    def test_of_more_than_a_commit_holds(self) -> None:
        parent = start(feast.buffet, Feast("tapa", CHUNK + 5))
        job = fetch()
        assert job
        job.run()
        assert Process.objects.filter(parent=parent.id).count() == CHUNK + 5
        # They end without us: what is counted are their rows.
        sql("""UPDATE workflows_process SET state = 'processing', lease_until = now() WHERE workflow = 'dish'""")
        sql("""UPDATE workflows_process SET state = 'completed', result = '"x"', finished_at = now()
               WHERE workflow = 'dish'""")
        tick()
        drain()
        assert len(parent.result().names) == CHUNK + 5

    def test_of_nothing_ends_at_once(self) -> None:
        parent = start(feast.feast, Feast("tapa", 0))
        drain()
        assert parent.result() == feast.Menu((), 0)

    def test_fails_when_all_have_ended_and_one_failed(self) -> None:
        parent = start(feast.feast, Feast("tapa", 4, spoiled=(1,)))
        drain()
        states = list(Process.objects.filter(parent=parent.id).order_by("child_number").values_list("state", flat=True))
        assert states == ["completed", "failed", "completed", "completed"]
        assert (parent.state(), error_of(parent.id)["class"]) == ("failed", "ChildFailed")

    def test_only_counts_failures_where_they_are_collected(self) -> None:
        parent = start(feast.buffet, Feast("tapa", 4, spoiled=(1, 2)))
        drain()
        assert parent.result() == feast.Menu(("tapa 0 cooked", "tapa 3 cooked"), 2)

    def test_stops_the_others_at_the_first_failure(self) -> None:
        parent = start(feast.banquet, Feast("tapa", 40, spoiled=(0,)))
        drain()
        assert parent.state() == "failed"
        states = set(Process.objects.filter(parent=parent.id).values_list("state", flat=True))
        assert states == {"completed", "failed", "cancelled"}

    def test_goes_on_starting_where_a_dead_worker_stopped(self) -> None:
        parent = start(feast.buffet, Feast("tapa", CHUNK + 5))
        job = fetch()
        assert job
        job.run()
        # As if it had died after the first commit: the journal knows of a thousand, and nobody waits yet.
        last = Process.objects.filter(parent=parent.id, child_number__gte=CHUNK).values_list("pk", flat=True)
        for child in last:
            sql("UPDATE workflows_process SET parent_id = NULL, child_number = NULL WHERE id = %s", [child])
        Step.objects.filter(process=parent.id).update(output='{"count":1000,"on_failure":"collect","complete":false}')
        sql(
            """UPDATE workflows_process SET state = 'pending', awaits_children = '', admitted_at = NULL
               WHERE id = %s""",
            [parent.id],
        )
        tick()
        while job := fetch():
            if job.process == parent.id:
                job.run()
                break
        assert Process.objects.filter(parent=parent.id).count() == CHUNK + 5


class TestCancel:
    def test_of_the_parent_stops_the_children(self) -> None:
        parent = start(feast.feast, Feast("tapa", 5))
        job = fetch()
        assert job
        job.run()
        control.cancel(parent.id, now=clock.now(), actor="Ana", reason="no guests")
        drain()
        assert set(Process.objects.filter(parent=parent.id).values_list("state", flat=True)) == {"cancelled"}
        assert Lane.objects.get(key="kitchen").active == 0

    def test_reaches_children_although_whoever_cancelled_died(self) -> None:
        parent = start(feast.feast, Feast("tapa", 5))
        job = fetch()
        assert job
        job.run()
        sql("UPDATE workflows_process SET state = 'cancelled', finished_at = now() WHERE id = %s", [parent.id])
        tick()
        assert set(Process.objects.filter(parent=parent.id).values_list("state", flat=True)) == {"cancelled"}

    def test_of_a_child_fails_the_parent(self) -> None:
        parent = start(feast.single, Dish("soup"))
        job = fetch()
        assert job
        job.run()
        child = Process.objects.get(workflow="dish")
        control.cancel(child.pk, now=clock.now(), actor="Ana", reason="no soup")
        drain()
        assert (parent.state(), error_of(parent.id)["class"]) == ("failed", "ChildFailed")


def test_a_parent_finds_children_that_ended_before_it_waited_or_whose_end_nobody_told() -> None:
    parent = start(feast.single, Dish("soup"))
    job = fetch()
    assert job
    job.run()
    sql("UPDATE workflows_process SET state = 'processing', lease_until = now() WHERE workflow = 'dish'")
    sql("""UPDATE workflows_process SET state = 'completed', result = '"soup cooked"', finished_at = now()
           WHERE workflow = 'dish'""")
    assert parent.state() == "waiting"
    tick()
    drain()
    assert result(parent.id) == "soup cooked and served"


def test_a_replay_from_behind_its_children_finds_theirs() -> None:
    parent = start(feast.served, Feast("tapa", 3, spoiled=(1,)))
    drain()
    copy = control.replay(parent.id, now=clock.now(), actor="Ana", reason="serve again", from_step="cook")
    drain()
    assert result(copy) == ["tapa 0 cooked", "tapa 2 cooked", "table cooked"]
    assert Process.objects.filter(workflow="dish").count() == 3
