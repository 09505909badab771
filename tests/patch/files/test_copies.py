"""What a run writes is a throw-away copy: the run finds it again, the next run does not, and the real files stay as they are."""

import bz2
import io
import os
import shutil
import socket
import sqlite3
import stat
import sys
import tarfile
import tempfile
import threading
from contextlib import closing, suppress
from dbm import dumb
from pathlib import Path

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.patch.files.copies import remove_copies_of
from agent_chaos.patch.files.overlay import LARGEST
from agent_chaos.patch.files.paths import is_ordinary
from agent_chaos.patch.install import offline_environment
from agent_chaos.scenario.loader import load_scenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.trials import nothing_recorded, scenario, trial


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working folder: `kept.txt`, a folder with two files, and a database with one order."""
    monkeypatch.chdir(tmp_path)
    Path("kept.txt").write_text("kept\n")
    Path("old/deep").mkdir(parents=True)
    Path("old/a.txt").write_text("a")
    Path("old/deep/b.txt").write_text("b")
    Path("to_old").symlink_to("old")
    Path("to_nothing").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("server.sock")
    with closing(sqlite3.connect("orders.db")) as database:
        database.execute("CREATE TABLE orders (item)")
        database.execute("INSERT INTO orders VALUES ('lamp')")
        database.commit()
    return tmp_path


def tree(folder):
    """Every file of a folder with its bytes (a huge one with its size), and every folder."""
    return {str(one.relative_to(folder)): one.is_file() and content(one) for one in folder.rglob("*")}


def content(file):
    size = file.stat().st_size
    return file.read_bytes() if size < LARGEST else size


NOTHING = nothing_recorded()


def answers(agent, runs=2):
    """What an agent answers in several runs, each of which is a trace of its own."""

    def told(ctx, text):
        return repr(agent())

    with offline_environment():
        traces = [trial(scenario(told), NOTHING) for _ in range(runs)]
    for trace in traces:
        assert not trace.raised, trace.raised
        assert not trace.incidents_of("effect", "file", "sqlite")
    return [trace.answers[0].value for trace in traces]


def writes_text():
    with open("out.txt", "w") as file:
        file.write("one\n")
    with Path("out.txt").open("a") as file:
        file.write("two\n")
    return file.name, Path("out.txt").read_text(), os.path.getsize("out.txt"), sorted(os.listdir())


def appends():
    with open(Path("kept.txt").resolve(), "ab") as file:
        file.write(b"more\n")
    return Path("kept.txt").read_text()


def updates_in_place():
    with open("kept.txt", "r+") as file:
        file.write("K")
    os.truncate("kept.txt", 2)
    os.utime("kept.txt", (1, 1))
    os.chmod("kept.txt", 0o600)
    return Path("kept.txt").read_text(), os.stat("kept.txt").st_mtime, oct(os.stat("kept.txt").st_mode)


def by_descriptor():
    descriptor = os.open("raw.bin", os.O_CREAT | os.O_EXCL | os.O_RDWR)
    os.write(descriptor, b"xyz")
    os.lseek(descriptor, 0, os.SEEK_SET)
    found = os.read(descriptor, 10)
    os.close(descriptor)
    with suppress(FileExistsError):
        os.open("raw.bin", os.O_CREAT | os.O_EXCL | os.O_RDWR)
    return found, os.path.exists("raw.bin")


def replaces_in_one_step():
    with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file:
        file.write("new")
    os.replace(file.name, "kept.txt")
    return Path("kept.txt").read_text(), Path(file.name).exists()


def removes():
    os.remove("kept.txt")
    shutil.rmtree("old")
    again = Path("old")
    again.mkdir()
    (again / "c.txt").write_text("c")
    with suppress(FileNotFoundError):
        os.unlink("kept.txt")
    return sorted(os.listdir()), os.listdir("old"), os.path.exists("old/a.txt"), Path("kept.txt").is_file()


def walks():
    Path("new/deep").mkdir(parents=True, exist_ok=True)
    Path("new/deep/x.txt").touch()
    shutil.copytree("old", "copied")
    shutil.move("old/a.txt", "moved.txt")
    os.rename("copied/deep", "deeper")
    with os.scandir(".") as entries:
        kinds = sorted((entry.name, entry.is_dir(), entry.is_file()) for entry in entries)
    return kinds, sorted(map(str, Path().rglob("*.txt"))), [one[1:] for one in os.walk("old")]


def archives():
    with bz2.open("a.bz2", "wt") as file:
        file.write("packed")
    with tarfile.open("a.tar", "w") as archive:
        archive.add("kept.txt")
    with tarfile.open("a.tar") as archive, bz2.open("a.bz2", "rt") as file:
        return archive.getnames(), file.read()


def remembers_on_a_shelf():
    with dumb.open("memory") as shelf:
        shelf["name"] = "Ada"
    with dumb.open("memory", "r") as shelf:
        return shelf["name"], len(shelf)


def enters_a_folder():
    os.mkdir("inner")
    os.chdir("inner")
    Path("here.txt").write_text("x")
    return (
        os.path.relpath(os.getcwd(), os.path.dirname(os.getcwd())),
        os.listdir(),
        Path("../kept.txt").exists(),
    )


def moves_by_tempfile():
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("new")
    os.replace(file.name, "kept.txt")
    made = tempfile.mkdtemp()
    shutil.move("old/a.txt", made)
    shutil.move(made, "moved")
    return (
        Path("kept.txt").read_text(),
        os.listdir("moved"),
        os.path.exists("old/a.txt"),
        os.path.exists(made),
    )


def renames_what_cannot_be():
    found = []
    os.mkdir("empty")
    for source, target in (
        ("empty", "old"),
        ("old", "kept.txt"),
        ("kept.txt", "old"),
        ("kept.txt", "missing/x"),
        ("kept.txt", "kept.txt"),
        ("old", "empty"),
    ):
        try:
            found.append(os.rename(source, target))
        except OSError as exc:
            found.append((type(exc).__name__, exc.filename, exc.filename2))
    return found, Path("kept.txt").read_text(), sorted(os.listdir("empty"))


def follows_links():
    Path("to_old/new.txt").write_text("through a link")
    os.symlink(os.path.abspath("kept.txt"), "to_kept")
    Path("to_kept").write_text("written")
    os.makedirs("far/in")
    os.symlink("far/in", "near")
    Path("near/../x.txt").write_text("x")
    with suppress(OSError):
        os.open("to_kept", os.O_WRONLY | os.O_NOFOLLOW)
        return "followed"
    return (
        sorted(os.listdir("old")),
        Path("kept.txt").read_text(),
        os.listdir("near/.."),
        os.readlink("to_kept"),
    )


def changes_links():
    os.symlink("old/deep", "next")
    os.replace("next", "to_old")
    Path("to_old/c.txt").touch()
    os.rename("to_nothing", "still_to_nothing")
    os.link("kept.txt", "same.txt")
    Path("same.txt").write_text("both")
    shutil.copytree("old", "copied", symlinks=True)
    os.symlink("../missing", "copied/broken")
    shutil.copytree("copied", "again", symlinks=True)
    shutil.rmtree("copied")
    os.remove("to_old")
    os.mkdir("to_old")
    Path("to_old/d.txt").touch()
    found = (
        Path("kept.txt").read_text(),
        sorted(os.listdir("again")),
        os.listdir("old/deep"),
        os.listdir("to_old"),
    )
    os.remove("still_to_nothing")
    return found, sorted(os.listdir())


def goes_where_a_descriptor_is():
    os.mkdir("inner")
    descriptor = os.open("inner", os.O_RDONLY)
    os.fchdir(descriptor)
    os.close(descriptor)
    Path("here.txt").write_text("x")
    os.rename("../inner", "../renamed")
    found = os.path.basename(os.getcwd()), os.listdir(), Path("../kept.txt").read_text()
    os.chdir("..")
    return found, os.listdir("renamed"), shutil.disk_usage("renamed").total > 0


def makes_pipes():
    os.mkfifo("pipe")
    os.mknod("lock")
    return stat.S_ISFIFO(os.stat("pipe").st_mode), os.path.getsize("lock")


def removes_a_socket():
    os.remove("server.sock")
    return os.path.exists("server.sock"), sorted(os.listdir())


def orders():
    with closing(sqlite3.connect("orders.db")) as database:
        database.execute("INSERT INTO orders VALUES ('chair')")
        database.commit()
    with closing(sqlite3.connect(f"file:{os.path.abspath('orders.db')}?mode=ro", uri=True)) as database:
        return database.execute("SELECT item FROM orders").fetchall()


def makes_a_database():
    with closing(sqlite3.connect(Path("new.db"), isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS notes (text)")
        database.execute("INSERT INTO notes VALUES ('x')")
        return database.execute("SELECT count(*) FROM notes").fetchall(), Path("new.db").exists()


def shares_one_in_memory():
    one, other = (sqlite3.connect("file:notes?mode=memory&cache=shared", uri=True) for _ in range(2))
    with closing(one), closing(other):
        one.execute("CREATE TABLE notes (text)")
        return other.execute("SELECT count(*) FROM notes").fetchone(), os.path.exists("notes")


def in_a_thread():
    worker = threading.Thread(target=lambda: Path("thread.txt").write_text("x"))
    worker.start()
    worker.join()
    return Path("thread.txt").read_text()


def outside_of_the_folder():
    elsewhere = Path("..", f"{Path.cwd().name}-elsewhere.txt")
    elsewhere.write_text("x")
    return elsewhere.read_text(), elsewhere.resolve().parent == Path.cwd().parent


def errors():
    found = []
    Path("out.txt").write_text("x")
    for attempt, *arguments in (
        (open, "missing.txt"),
        (open, "missing/x.txt", "w"),
        (open, "old", "w"),
        (open, "kept.txt", "x"),
        (open, "out.txt", "x"),
        (os.mkdir, "old"),
        (os.rmdir, "old"),
        (os.remove, "missing.txt"),
        (os.rename, "missing.txt", "x"),
        (os.stat, "missing.txt"),
    ):
        try:
            attempt(*arguments)
        except OSError as exc:
            found.append((type(exc).__name__, exc.filename))
    return found


AGENTS = [
    *(writes_text, appends, updates_in_place, by_descriptor, replaces_in_one_step, removes, walks, archives),
    *(
        remembers_on_a_shelf,
        enters_a_folder,
        moves_by_tempfile,
        renames_what_cannot_be,
        follows_links,
        changes_links,
        goes_where_a_descriptor_is,
        makes_pipes,
        removes_a_socket,
        orders,
        makes_a_database,
        shares_one_in_memory,
        in_a_thread,
        outside_of_the_folder,
        errors,
    ),
]


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.__name__)
def test_a_run_finds_what_it_wrote_as_the_real_files_would_be(agent, folder):
    before, around = tree(folder), tree(folder.parent)
    copied = answers(agent)

    assert tree(folder) == before
    assert tree(folder.parent) == around
    with_real_files = repr(agent())
    assert copied == [with_real_files] * 2


@pytest.fixture
def somebody():
    """The number of a user who is not root, to be in a folder of root's that all may read."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)
        os.chdir(made)
        yield 65_534
        os.chdir(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a while")
def test_a_file_is_changed_where_its_owner_may_and_removed_where_its_folder_may_be_changed(somebody):
    for name in ("mine", "roots"):
        os.mkdir(name)
        for one in ("a.txt", "b.txt"):
            Path(name, one).write_text("x")
            os.chmod(Path(name, one), 0o444)
    for one in ("mine", "mine/a.txt", "roots/a.txt"):
        os.chown(one, somebody, somebody)

    def agent():
        os.setresuid(somebody, somebody, 0)
        try:
            return changes_what_is_read_only()
        finally:
            os.setresuid(0, 0, 0)

    copied = answers(agent)

    assert copied == [repr(agent())] * 2


def changes_what_is_read_only():
    return [
        refused(Path("mine/a.txt").write_text, "written"),
        refused(os.chmod, "mine/a.txt", 0o644),
        refused(Path("mine/a.txt").write_text, "written"),
        refused(os.chmod, "mine/b.txt", 0o644),
        refused(os.remove, "mine/b.txt"),
        refused(os.chmod, "roots/a.txt", 0o644),
        refused(Path("roots/a.txt").write_text, "written"),
        refused(os.rename, "roots/a.txt", "mine/c.txt"),
        refused(os.remove, "roots/b.txt"),
    ]


def refused(change, *arguments):
    try:
        change(*arguments)
    except PermissionError:
        return True
    return False


def test_nothing_of_the_copies_is_left():
    answers(writes_text)

    assert not list(Path(tempfile.gettempdir()).glob(f"agent-chaos-{os.getpid()}-*"))


def test_copies_that_a_killed_process_left_are_removed_and_nothing_that_a_link_of_their_name_leads_to(folder):
    left, laid = (Path(tempfile.gettempdir(), f"agent-chaos-{process}-0") for process in (0, "0-0"))
    left.mkdir()
    (left / "x.txt").touch()
    laid.symlink_to(folder / "old")
    try:
        remove_copies_of(0)

        assert not left.exists()
        assert Path("old/a.txt").exists()
    finally:
        laid.unlink()


def test_a_connection_that_is_kept_finds_its_tables_and_no_rows_of_another_run():
    kept = []

    def agent():
        if not kept:
            kept.append(sqlite3.connect("book.db"))
            kept[0].execute("CREATE TABLE IF NOT EXISTS book (item)")
        kept[0].execute("INSERT INTO book VALUES ('lamp')")
        kept[0].commit()
        return kept[0].execute("SELECT count(*) FROM book").fetchone()

    assert answers(agent, runs=3) == ["(1,)"] * 3
    assert not Path("book.db").exists()


def test_connections_that_are_kept_in_the_middle_of_something_find_no_rows_of_another_run():
    kept = []

    def agent():
        if not kept:
            kept.extend(sqlite3.connect("orders.db") for _ in range(3))
            kept.extend(one.cursor() for one in kept[:2])
        first, _, third, *cursors = kept
        found = first.execute("SELECT count(*) FROM orders").fetchone()
        first.execute("INSERT INTO orders VALUES ('chair')")
        first.commit()
        third.execute("INSERT INTO orders VALUES ('never committed')")
        for cursor in cursors:
            cursor.execute("SELECT item FROM orders")
            cursor.fetchone()
        return found

    assert answers(agent, runs=3) == ["(1,)"] * 3


def test_what_tempfile_makes_is_no_file_of_the_user_and_programs_find_it():
    def agent():
        with tempfile.TemporaryDirectory() as made:
            Path(made, "x").write_text("x")
            return os.listdir(made), os.system(f"test -f {made}/x")

    assert answers(agent) == ["(['x'], 0)"] * 2


def test_assertions_see_the_files_of_the_run_that_they_judge(folder):
    def filed(ctx):
        return Path("out.txt").read_text() == "one\ntwo\n"

    one = scenario(lambda ctx, text: str(writes_text()), assertions=[filed])
    outcome = Rehearsal(one, cassette=NOTHING).trial(Plan())

    assert not outcome.violations, outcome
    assert not (folder / "out.txt").exists()


def attached(database=Path("new.db"), orders="'orders.db'", values=(), **options):
    with closing(sqlite3.connect(database, **options)) as one, suppress(sqlite3.DatabaseError):
        one.execute(f"ATTACH DATABASE {orders} AS real", values)
        one.execute("DELETE FROM real.orders")
        one.commit()


def attached_by_a_parameter():
    attached(orders="?", values=("orders.db",))


def attached_to_one_in_memory():
    attached(":memory:")


def attached_to_one_that_is_read():
    attached("file:orders.db?mode=ro", uri=True)


def attached_to_one_of_tempfile():
    with tempfile.TemporaryDirectory() as made:
        attached(Path(made, "new.db"))


def past_connect():
    with suppress(OSError), closing(sqlite3.Connection("orders.db")) as database:
        database.execute("DELETE FROM orders")
        database.commit()


def made_by_the_descriptor_of_a_folder():
    descriptor = os.open(".", os.O_RDONLY)
    with suppress(OSError):
        os.mkfifo("pipe", dir_fd=descriptor)
    os.close(descriptor)


def test_only_what_the_system_makes_up_is_no_file():
    assert is_ordinary("/development/app.db")
    assert is_ordinary("/system.txt")
    assert not is_ordinary("/dev/shm/x")
    assert not is_ordinary("/proc/self/comm")


@pytest.fixture
def kept_readable():
    descriptor = os.open("kept.txt", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.skipif(
    not os.path.exists("/proc/self/fd"), reason="the system does not tell what a descriptor is of"
)
def test_what_is_noted_about_a_file_is_not_changed_through_a_descriptor(kept_readable):
    def agent():
        with suppress(OSError):
            os.fchmod(kept_readable, 0o600)
        made = os.open("made.txt", os.O_CREAT | os.O_WRONLY)
        os.fchmod(made, 0o600)
        os.close(made)
        return os.stat("made.txt").st_mode

    before = os.fstat(kept_readable)
    trace = trial(scenario(lambda ctx, text: oct(agent())), NOTHING)

    assert os.fstat(kept_readable) == before
    assert len(trace.incidents_of("effect")) == 1
    assert trace.answers[0].value == "0o100600"


def past_open():
    with suppress(OSError):
        io.FileIO("kept.txt", "w").close()


def appends_to_a_huge_file():
    with suppress(OSError), open("huge.bin", "ab") as file:
        file.write(b"x")


@pytest.mark.parametrize(
    "agent",
    [
        *(attached, attached_by_a_parameter, attached_to_one_in_memory, attached_to_one_that_is_read),
        *(
            attached_to_one_of_tempfile,
            past_connect,
            made_by_the_descriptor_of_a_folder,
            past_open,
            appends_to_a_huge_file,
        ),
    ],
    ids=lambda one: one.__name__,
)
def test_what_no_copy_can_hold_is_refused_and_remembered(agent, folder):
    with open("huge.bin", "wb") as file:
        os.truncate(file.fileno(), LARGEST + 1)
    before = tree(folder)
    trace = trial(scenario(lambda ctx, text: str(agent())), NOTHING)

    assert trace.incidents_of("effect")
    assert tree(folder) == before


def test_a_huge_database_can_be_read():
    with closing(sqlite3.connect("orders.db")) as database:
        database.execute("CREATE TABLE pad (x)")
    os.truncate("orders.db", LARGEST + 4096)

    def agent():
        with closing(sqlite3.connect("orders.db")) as database:
            return database.execute("SELECT item FROM orders").fetchall()

    trace = trial(scenario(lambda ctx, text: str(agent())), NOTHING)

    assert trace.answers[0].value == "[('lamp',)]"


KEEPER = """
import logging, sqlite3
from pathlib import Path
from agent_chaos import BaselineScenario, Turn
Path("logs").mkdir(exist_ok=True)
log = open("logs/agent.log", "a")
database = sqlite3.connect("book.db")
database.execute("CREATE TABLE IF NOT EXISTS book (item)")
database.execute("INSERT INTO book VALUES ('first')")
database.commit()
with sqlite3.connect("orders.db") as other:
    other.execute("INSERT INTO orders VALUES ('desk')")

def agent(ctx, text):
    log.write("asked\\n")
    log.flush()
    database.execute("INSERT INTO book VALUES ('next')")
    database.commit()
    with sqlite3.connect("orders.db") as orders:
        orders.execute("INSERT INTO orders VALUES ('chair')")
    counts = [one.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
              for one, name in ((database, "book"), (orders, "orders"))]
    return f"{counts} {Path('logs/agent.log').read_text()!r}"

scenario = BaselineScenario(name="keeper", agent=agent, turns=[Turn("go")])
"""


def test_what_an_import_opens_is_a_copy_too_and_every_run_finds_it_as_the_import_left_it(folder):
    Path("keeper.py").write_text(KEEPER)
    before = tree(folder)
    with offline_environment():
        one = load_scenario("keeper.py")
        said = [trial(one, NOTHING).answers[0].value for _ in range(3)]
        named = Rehearsal(one, cassette=NOTHING)
        named.prepare()
        imported = sys.modules.pop(one.agent.__module__)
        imported.log.close()
        imported.database.close()

    assert said == ["[2, 3] 'asked\\n'"] * 3
    assert named.notes == ("files: written in a throw-away copy: book.db, logs, logs/agent.log, orders.db",)
    assert {name: one for name, one in tree(folder).items() if "__pycache__" not in name} == before


def test_a_connection_that_outlives_its_environment_is_left_alone(folder):
    kept = []
    with offline_environment():
        trial(scenario(lambda ctx, text: kept.append(sqlite3.connect("orders.db"))), NOTHING)
    shutil.rmtree(folder / "old")
    (folder / "orders.db").unlink()

    assert answers(writes_text, runs=1)
    kept[0].close()
