"""PostgreSQL: a row per message, a counter per group, commit after the fdatasync. Measured with pgbench over plain TCP."""

import os
import pwd
import shutil
import signal
from pathlib import Path

from child import Server, free_port, run
from load import SLACK_SECONDS
from measured import BODY_BYTES, GROUPS, WARM_UP_SECONDS, Cell, PeerError, Shown

# The user created by Debian's package. The server refuses to run as root.
USER = "postgres"

CONFIG = """\
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 1GB
max_wal_size = 8GB
fsync = on
synchronous_commit = on
wal_sync_method = fdatasync
"""

# STORAGE PLAIN: bodies are stored as they are. Half-empty pages let a counter be changed in place.
SCHEMA = f"""\
drop table if exists messages;
drop table if exists groups;
create table groups(gid int primary key, last bigint not null) with (fillfactor = 50);
insert into groups select g, 0 from generate_series(1, {GROUPS}) g;
create table messages(gid int not null, msgid bigint not null, body text not null, primary key (gid, msgid));
alter table messages alter column body set storage plain;
checkpoint;
"""

INSERT = (
    "with u as (update groups set last = last + 1 where gid = :{group} returning last) "
    f"insert into messages select :{{group}}, last, '{'x' * BODY_BYTES}' from u returning msgid;"
)


class PostgreSQL:
    """A PostgreSQL server, started for each cell and removed afterwards."""

    name = "postgresql"

    def __init__(self) -> None:
        self.bin = _programs()
        self.user = USER if os.geteuid() == 0 else None
        self.version = run([str(self.bin / "postgres"), "--version"], SLACK_SECONDS).strip()

    def loads(self, cell: Cell) -> bool:
        """Many sends in flight are one pipeline in one transaction, which needs groups of the client's own."""
        return cell.inflight == 1 or cell.clients <= GROUPS

    def measure(self, cell: Cell, seconds: int, seed: int, folder: Path) -> Shown:
        """Creates a cluster in a folder, measures it, and stops it."""
        data, script, log = folder / "data", folder / "script.sql", folder / "tx"
        if self.user:
            shutil.chown(folder, self.user)
        self._run("initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8", folder=folder)
        port = free_port()
        with (data / "postgresql.conf").open("a") as config:
            config.write(CONFIG.format(port=port))
        script.write_text(_script(cell))
        # SIGQUIT: an orderly stop would write files that are removed right away.
        with Server([str(self.bin / "postgres"), "-D", str(data)], port, folder / "log", signal.SIGQUIT, self.user):
            there = ("-h", "127.0.0.1", "-p", port, "-U", USER)
            _retried(lambda: self._run("psql", "-q", *there, "-c", "select 1", "postgres", folder=folder))
            (folder / "schema.sql").write_text(SCHEMA)
            self._run("psql", "-q", *there, "-v", "ON_ERROR_STOP=1", "-f", folder / "schema.sql", "postgres", folder=folder)
            self._run(
                "pgbench", "-n", *there, "-M", "prepared", "-c", cell.clients, "-j", min(2, cell.clients), "-T", seconds + WARM_UP_SECONDS,
                "-f", script, "-l", f"--log-prefix={log}", f"--random-seed={seed}", "postgres", folder=folder, seconds=seconds,
            )
        return _read(folder, cell, seconds)

    def _run(self, program: str, *arguments: object, folder: Path, seconds: int = 0) -> None:
        run([str(self.bin / program), *map(str, arguments)], seconds + WARM_UP_SECONDS + SLACK_SECONDS, self.user, folder)


def _retried(attempt) -> None:
    """A server that accepts connections may still say that it is starting up."""
    for _ in range(20):
        try:
            return attempt()
        except PeerError as error:
            if "starting up" not in str(error):
                raise
    raise PeerError("postgres does not get beyond starting up")


def _programs() -> Path:
    """The folder of the server's programs, which is not in the PATH on Debian. The newest of several."""
    found = [Path(program).resolve().parent for program in [shutil.which("postgres")] if program]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    needed = ("postgres", "initdb", "psql", "pgbench")
    complete = [folder for folder in found if all((folder / name).exists() for name in needed)]
    if not complete:
        raise PeerError("PostgreSQL is not installed (Debian: apt-get install postgresql postgresql-contrib)")
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            raise PeerError(f"PostgreSQL does not run as root, and there is no user {USER}: run this as another user") from None
    return complete[0]


def _script(cell: Cell) -> str:
    if cell.inflight == 1:
        return f"\\set g random(1, {GROUPS})\n{INSERT.format(group='g')}\n"
    # Each client has groups of its own: two transactions that hold counters in different orders would deadlock.
    own = GROUPS // cell.clients
    groups = [f"\\set g{at} :client_id * {own} + random(1, {own})" for at in range(cell.inflight)]
    inserts = [INSERT.format(group=f"g{at}") for at in range(cell.inflight)]
    return "\n".join([*groups, "\\startpipeline", *inserts, "\\endpipeline", ""])


def _read(folder: Path, cell: Cell, seconds: int) -> Shown:
    """Returns what pgbench logged of each transaction in the measured seconds after the warm-up."""
    lines = [line.split() for log in folder.glob("tx.*") for line in log.read_text().splitlines()]
    # Client, number, microseconds it took, script, and when it ended: seconds and microseconds.
    ended = [(int(line[4]) + int(line[5]) / 1e6, int(line[2])) for line in lines if line[2].isdigit()]
    if not ended:
        raise PeerError("pgbench finished no transaction")
    begin = min(at - micros / 1e6 for at, micros in ended) + WARM_UP_SECONDS
    counted = sorted(micros for at, micros in ended if begin <= at < begin + seconds)
    if not counted:
        raise PeerError("pgbench finished no transaction in the time that counts")
    at = lambda share: counted[min(int(len(counted) * share), len(counted) - 1)] / 1000
    return Shown(len(counted) * cell.inflight / seconds, at(0.5), at(0.99))
