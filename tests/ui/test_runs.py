"""A folder of very many runs opens as fast as one of few, and nothing outside of it is read."""

from agent_chaos.ui.runs import MOST_RUNS, Folder


def left(root, batch, *names):
    for name in names:
        (root / batch / name).mkdir(parents=True)
        (root / batch / name / "report.json").write_text("{}")


def test_the_newest_are_read_however_many_there_are(tmp_path):
    left(tmp_path, "20260101-000000-run", "old-1")
    left(tmp_path, "20260102-000000-run", *(f"shop-{number}" for number in range(MOST_RUNS)))
    folder = Folder(tmp_path)
    batches = folder.batches()
    runs = folder.runs(batches)

    assert list(batches) == ["20260102-000000-run", "20260101-000000-run"]
    assert len(runs) == MOST_RUNS
    assert {run.batch for run in runs} == {"20260102-000000-run"}
    assert [run.id for run in folder.runs({"20260101-000000-run": ("old-1",)})] == [
        "20260101-000000-run/old-1"
    ]


def test_what_lies_outside_or_is_no_run_is_passed_over(tmp_path):
    outside = tmp_path / "outside"
    left(outside, "batch", "secret-1")
    root = tmp_path / "runs"
    left(root, "20260101-000000-run", "shop-1")
    (root / "20260101-000000-run" / "going-on").mkdir()
    (root / "linked").symlink_to(outside / "batch")
    (root / ".hypothesis" / "x").mkdir(parents=True)
    folder = Folder(root)

    assert [run.id for run in folder.runs(folder.batches())] == ["20260101-000000-run/shop-1"]


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    folder = Folder(tmp_path / "nowhere")

    assert (folder.batches(), folder.runs({})) == ({}, [])
