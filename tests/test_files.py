"""Files are written whole or not at all."""

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.files import write_text


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UsageError, match=r"report\.json: cannot be written"):
        write_text(tmp_path / "report.json", "{}")

    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]
