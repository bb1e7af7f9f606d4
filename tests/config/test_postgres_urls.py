"""DATABASE_URL in, Django's settings out. Address forms are libpq's own (its manual, 32.1.1 Connection Strings)."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.postgres.place import Place
from config.postgres.urls import databases, embedded_url, on_database, owner_settings

DATA = Path("/srv/encadena")


class TestDatabases:
    def test_without_an_address_it_is_the_embedded_server_as_the_application_role(self) -> None:
        entry = databases("", DATA)["default"]
        assert (entry["ENGINE"], entry["NAME"], entry["USER"]) == ("config.postgres", "encadena", "encadena_app")
        assert entry["HOST"] == "/srv/encadena/pg/s"
        assert entry["EMBEDDED_HOME"] == "/srv/encadena/pg"

    def test_an_address_is_used_as_it_is_and_no_server_is_started(self) -> None:
        entry = databases("postgresql://shop:p%40ss@db.example:6432/ledger?sslmode=verify-full", DATA)["default"]
        assert {key: entry[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
            "NAME": "ledger",
            "USER": "shop",
            "PASSWORD": "p@ss",
            "HOST": "db.example",
            "PORT": "6432",
        }
        assert entry["OPTIONS"]["sslmode"] == "verify-full"
        assert entry["EMBEDDED_HOME"] == ""

    def test_connections_are_kept_and_checked(self) -> None:
        entry = databases("", DATA)["default"]
        assert (entry["CONN_MAX_AGE"], entry["CONN_HEALTH_CHECKS"]) == (60, True)

    def test_the_operators_own_parameters_win(self) -> None:
        url = "postgresql://shop@db/ledger?options=-c%20lock_timeout%3D1s&keepalives_idle=5"
        options = databases(url, DATA)["default"]["OPTIONS"]
        assert options["options"].endswith("-c statement_timeout=30s -c lock_timeout=1s")
        assert options["keepalives_idle"] == "5"

    def test_another_database_of_the_embedded_server_is_embedded_too(self) -> None:
        entry = databases(embedded_url(DATA, "encadena_app", "demo_7"), DATA)["default"]
        assert (entry["NAME"], entry["EMBEDDED_HOME"]) == ("demo_7", "/srv/encadena/pg")

    @pytest.mark.parametrize("url", ["postgresql://shop:hunter2%zz@db/ledger", "postgresql://shop:hunter2@db"])
    def test_a_wrong_address_is_told_without_its_password(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as error:
            databases(url, DATA)
        assert "hunter2" not in str(error.value)


class TestOwnerSettings:
    def test_the_embedded_owner_has_the_same_database_and_no_time_limits(self) -> None:
        owner = owner_settings("", embedded_url(DATA, "encadena_app", "demo_7"), DATA)
        assert (owner["NAME"], owner["USER"], owner["HOST"]) == ("demo_7", "encadena_owner", "/srv/encadena/pg/s")
        assert "options" not in owner["OPTIONS"]

    def test_elsewhere_it_is_migration_database_url(self) -> None:
        assert owner_settings("postgresql://boss@db/ledger", "postgresql://shop@db/ledger", DATA)["USER"] == "boss"

    def test_without_one_the_application_owns_its_tables(self) -> None:
        assert owner_settings("", "postgresql://shop@db/ledger", DATA)["USER"] == "shop"


class TestOnDatabase:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://shop:p%40s%2Fs@db.example:6432/ledger?sslmode=require",
            "postgresql://shop@/ledger?host=%2Fa%20long%2Fsocket%20folder",
            "postgresql:///ledger",
        ],
        ids=["tcp", "socket", "defaults"],
    )
    def test_only_the_name_changes(self, url: str) -> None:
        before, after = databases(url, DATA)["default"], databases(on_database(url, "a b/c"), DATA)["default"]
        assert after == {**before, "NAME": "a b/c"}


class TestPlace:
    def test_a_short_path_is_its_own_socket_folder(self) -> None:
        assert Place(Path("/srv/pg")).socket == Path("/srv/pg/s")

    def test_two_homes_have_two_links(self) -> None:
        assert Place(Path("/" + "a" * 120)).socket != Place(Path("/" + "b" * 120)).socket
