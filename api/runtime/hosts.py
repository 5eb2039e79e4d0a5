"""The hosts of a connection string, each by itself."""

from typing import Any, NamedTuple

from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = "5432"


class Host(NamedTuple):
    """One host of a connection string: its name with the port, and the string that connects to it alone."""

    name: str
    dsn: str


def each_host(dsn: str) -> list[Host]:
    """The hosts of a connection string, in its order; the same one only once. One port may stand for all of them."""
    given = conninfo_to_dict(dsn)
    hosts, addresses = _listed(given.get("host")), _listed(given.get("hostaddr"))
    count = max(len(hosts), len(addresses), 1)
    ports = _listed(given.get("port")) or [PORT]
    found: dict[str, Host] = {}
    for place in range(count):
        host, address = (listed[place] if listed else None for listed in (hosts, addresses))
        port = (ports[place] if len(ports) == count else ports[0]) or PORT
        one: dict[str, Any] = {**given, "host": host, "hostaddr": address, "port": port, "target_session_attrs": "any"}
        name = f"{host or address or 'localhost'}:{port}"
        found.setdefault(name, Host(name, make_conninfo(**one)))
    return list(found.values())


def _listed(value: object) -> list[str]:
    return str(value).split(",") if value else []
