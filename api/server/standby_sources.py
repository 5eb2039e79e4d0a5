"""The standbys of the settings, with their connections."""

from collections.abc import Callable
from functools import partial
from typing import Final

from api.runtime.database import Database
from api.runtime.hosts import Host
from api.snapshot.primary_watch import PrimaryWatch
from api.snapshot.sources import Source
from api.snapshot.standby import Standby
from api.snapshot.standbys import Standbys

READ_LAG_SECONDS: Final = 10.0
"""The default of `KEYFRAME_READ_LAG_S`."""


def standbys_of(database: Database, primary: Source, on_position: Callable[[int], None]) -> Standbys:
    """The standbys of `KEYFRAME_READ_URL`. It opens no connection and starts no thread.

    `on_position` is called with each position of the projections that a subscription can read somewhere.
    """
    settings = database.settings
    lag_s = READ_LAG_SECONDS if settings.read_lag_s is None else settings.read_lag_s
    watch = PrimaryWatch(database.watch, settings.workspace, lag_s)
    standbys = [_standby(host, database, watch) for host in database.standbys()]
    return Standbys(primary, watch, standbys, on_position)


def _standby(host: Host, database: Database, watch: PrimaryWatch) -> Standby:
    connect, workspace = partial(database.watch, host), database.settings.workspace
    standby = Standby(host.name, connect, workspace, lambda: watch.salt)
    pool = database.standby_pool(host, standby.accept)
    filtered = database.standby_pool(host, standby.accept, filtered=True)
    standby.source = Source(host.name, pool, filtered, database.log_on(pool))
    return standby
