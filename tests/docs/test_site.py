"""The site builds without network and without a warning, and no page of it loads anything from elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("zensical", reason="pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(ROOT / "docs/pages", folder / "docs/pages")
    build = [str(Path(sys.executable).parent / "zensical"), "build", "--strict"]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_every_page_is_in_the_site(site):
    sources = {str(page.relative_to(ROOT / "docs/pages")) for page in (ROOT / "docs/pages").rglob("*.md")}
    built = {str(page.relative_to(site).with_suffix(".md")) for page in site.rglob("*.html")}

    assert sources <= built
    assert all(f'"{page}"' in (ROOT / "zensical.toml").read_text() for page in sources)


def test_no_page_loads_anything_from_elsewhere(site):
    loads = re.compile(
        r'<(?:script|img|iframe|source)[^>]*src="https?:|<link[^>]*href="https?:[^>]*stylesheet'
    )

    assert [page.name for page in site.rglob("*.html") if loads.search(page.read_text())] == []


def test_the_picture_loads_nothing_from_elsewhere():
    assert "url(http" not in (ROOT / "docs/pages/assets/fuzz.svg").read_text().replace('"', "")
