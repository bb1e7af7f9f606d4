"""What the application role can do to a ledger, tried on the real tables and compared with the catalogue."""

from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import isolate_apps

from common import grants
from common.ledger import LedgerModel
from config.postgres.owner import as_owner
from tests.databases import Database


@pytest.fixture
def entry(fresh_database: Database) -> Iterator[type[models.Model]]:
    """A ledger of its own, made by the owner and granted: its text is frozen, its state and predecessor are not."""
    with isolate_apps("common"):

        class Entry(LedgerModel):
            mutable = ("state", "follows")

            text = models.TextField()
            state = models.TextField(default="open")
            follows = models.ForeignKey("self", models.PROTECT, null=True)

            class Meta:
                app_label = "common"

        application = connection.settings_dict["USER"]
        with as_owner(connection):
            with connection.schema_editor() as editor:
                editor.create_model(Entry)
            with connection.cursor() as cursor:
                for statement in grants.statements(connection, application, [Entry]):
                    cursor.execute(statement)
        yield Entry


class TestALedger:
    def test_can_be_appended_to_and_read(self, entry: type[models.Model]) -> None:
        entry._default_manager.create(text="asiento")
        assert entry._default_manager.values_list("text").get() == ("asiento",)

    @pytest.mark.parametrize("column", ["state = 'closed'", "follows_id = id"])
    def test_lets_its_mutable_columns_change(self, entry: type[models.Model], column: str) -> None:
        entry._default_manager.create(text="asiento")
        assert run(f"UPDATE common_entry SET {column}") == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE common_entry SET text = 'otro'",
            "UPDATE common_entry SET state = 'closed', seal = ''",
            "DELETE FROM common_entry",
            "TRUNCATE common_entry",
            "DROP TABLE common_entry",
            "ALTER TABLE common_entry ADD extra text",
        ],
    )
    def test_lets_nothing_else_happen(self, entry: type[models.Model], statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(statement)

    def test_row_can_be_locked_by_whoever_may_change_a_column(self, entry: type[models.Model]) -> None:
        entry._default_manager.create(text="asiento")
        with transaction.atomic():
            assert len(entry._default_manager.select_for_update(no_key=True)) == 1


class TestDifferences:
    def test_none_when_the_grants_are_as_computed(self, entry: type[models.Model]) -> None:
        assert grants.differences(connection, models=[entry]) == grants.differences(connection, "", [entry])
        assert [line for line in grants.differences(connection, models=[entry]) if "entry" in line] == []

    def test_names_each_privilege_too_many_and_each_that_lacks(self, entry: type[models.Model]) -> None:
        role = connection.settings_dict["USER"]
        as_the_owner(
            f"GRANT DELETE, UPDATE (text) ON common_entry TO {role}",
            f"REVOKE UPDATE (state), INSERT ON common_entry FROM {role}",
            f"REVOKE USAGE ON SEQUENCE common_entry_id_seq FROM {role}",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
        )
        found = grants.differences(connection, models=[entry])
        assert [line for line in found if "entry" in line or "schema" in line] == [
            f"sequence common_entry_id_seq: {role} lacks USAGE",
            f"schema: {role} has CREATE and should not",
            f"common_entry: {role} lacks INSERT",
            f"common_entry: {role} has DELETE and should not",
            f"common_entry.state: {role} lacks UPDATE",
            f"common_entry.text: {role} has UPDATE and should not",
        ]

    def test_an_update_on_the_whole_table_is_seen(self, entry: type[models.Model]) -> None:
        role = connection.settings_dict["USER"]
        as_the_owner(f"GRANT UPDATE ON common_entry TO {role}")
        assert f"common_entry: {role} has UPDATE and should not" in grants.differences(connection, models=[entry])


class TestStatements:
    def test_take_back_what_was_granted_before(self, entry: type[models.Model]) -> None:
        role = connection.settings_dict["USER"]
        as_the_owner(f"GRANT ALL ON common_entry TO {role}", f"GRANT UPDATE (text) ON common_entry TO {role}")
        with as_owner(connection):
            lines = grants.statements(connection, role, [entry])
        as_the_owner(*lines)
        assert [line for line in grants.differences(connection, models=[entry]) if "entry" in line] == []

    def test_pass_over_a_mutable_column_that_a_half_way_migration_has_not_made(self, entry: type[models.Model]) -> None:
        as_the_owner("ALTER TABLE common_entry DROP COLUMN state")
        lines = grants.statements(connection, "somebody", [entry])
        assert 'GRANT INSERT, SELECT, UPDATE ("follows_id") ON TABLE public."common_entry" TO "somebody"' in lines


class TestBeforeTheFirstApply:
    def test_a_new_table_can_be_read_and_appended_to_and_no_more(self, fresh_database: Database) -> None:
        as_the_owner("CREATE TABLE fresh (id bigserial, text text)")
        assert run("INSERT INTO fresh (text) VALUES ('a') RETURNING id") == 1
        for statement in ("UPDATE fresh SET text = 'b'", "DELETE FROM fresh", "TRUNCATE fresh"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(statement)


class TestEveryLedgerOfTheProduct:
    """Privileges are checked before rows are looked for, so `WHERE false` proves them on empty tables."""

    @pytest.mark.django_db
    def test_is_closed_but_for_its_mutable_columns_and_those_of_a_redaction(self) -> None:
        ledgers = [model for model in apps.get_models() if issubclass(model, LedgerModel)]
        assert ledgers
        for model in ledgers:
            table = connection.ops.quote_name(model._meta.db_table)
            for field in model._meta.concrete_fields:
                column = connection.ops.quote_name(str(field.column))
                change = f"UPDATE {table} SET {column} = {column} WHERE false"
                if field.name in (*model.mutable, *model.redactable):
                    run(change)
                else:
                    refused(change)
            refused(f"DELETE FROM {table} WHERE false")
            refused(f"TRUNCATE {table}")


def refused(statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.atomic():
        run(statement)


def run(statement: str) -> int:
    """Run one statement as the application and return its row count; psycopg's own error when it fails."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)
    except DatabaseError as error:
        raise error.__cause__ or error from None


def as_the_owner(*statements: str) -> None:
    with as_owner(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
