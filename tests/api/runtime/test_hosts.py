"""Each host of a connection string is used by itself."""

from psycopg.conninfo import conninfo_to_dict

from api.runtime.hosts import each_host


def test_each_host_has_its_own_port() -> None:
    one, two = each_host("postgresql://ada:secret@first:5433,second:5434/goals?target_session_attrs=primary")
    assert (one.name, two.name) == ("first:5433", "second:5434")
    given = conninfo_to_dict(two.dsn)
    assert (given["host"], given["port"], given["user"], given["password"]) == ("second", "5434", "ada", "secret")
    assert given["target_session_attrs"] == "any"


def test_one_port_applies_to_all_hosts() -> None:
    assert [host.name for host in each_host("host=first,second port=5433")] == ["first:5433", "second:5433"]
    assert [host.name for host in each_host("host=first,second")] == ["first:5432", "second:5432"]


def test_repeated_host_is_used_once_and_addresses_stand_for_hosts() -> None:
    assert [host.name for host in each_host("host=first,first")] == ["first:5432"]
    assert [host.name for host in each_host("hostaddr=192.0.2.1,192.0.2.2")] == ["192.0.2.1:5432", "192.0.2.2:5432"]
    assert [host.name for host in each_host("dbname=goals")] == ["localhost:5432"]
