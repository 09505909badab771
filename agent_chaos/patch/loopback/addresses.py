"""Where programs send their requests instead: base URLs on this machine that name the place they stand for.

`http://127.0.0.1:5000/https/api.openai.com/v1` stands for `https://api.openai.com/v1`. The SDKs of every language read
their base URL from the same few variables, so a program need not be changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from agent_chaos.patch.guard import LOCAL_SWITCHES
from agent_chaos.patch.keys import PLACEHOLDER, key_variables

BASE_URLS = {
    "ANTHROPIC_BASE_URL": "https://api.anthropic.com",
    "OPENAI_BASE_URL": "https://api.openai.com/v1",
    "OPENAI_API_BASE": "https://api.openai.com/v1",
    "GOOGLE_GEMINI_BASE_URL": "https://generativelanguage.googleapis.com",
    "GROQ_BASE_URL": "https://api.groq.com",
    "CO_API_URL": "https://api.cohere.com",
    "OPENROUTER_BASE_URL": "https://openrouter.ai/api/v1",
}
"""The variables that SDKs read their base URL from, and what each has where nothing is set."""

WAIT = "/-/wait"
"""Where a program asks whether seconds (`?s=0.5`) may pass in virtual time, and says that it can ask: see `own_time/`."""
IDLE = "/-/idle"
"""Where a program says that it waits for nothing that could still come."""

_OWN_TIME = Path(__file__).parent / "own_time"
_SCHEMES = ("http", "https")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def program_environment(server: str, environ: Mapping[str, str], *, offline: bool) -> dict[str, str]:
    """The variables of a program whose SDKs are to send their requests to `server` (`http://127.0.0.1:5000`).

    Base URLs that are set already keep the place that they name. Offline, keys that are missing get a placeholder, since
    the SDKs refuse to be built without one, and libraries are told to fetch nothing; proxies are taken away, so that requests come
    here.
    """
    kept = {name: value for name, value in environ.items() if name.lower() not in _PROXIES}
    for name, usual in BASE_URLS.items():
        # CI sets an absent variable to nothing.
        kept[name] = here(server, kept.get(name) or usual)
    if offline:
        kept.update(_own_time(server, kept))
        kept.update({name: PLACEHOLDER for name in key_variables() if not kept.get(name)})
        # What the user has set wins.
        kept = LOCAL_SWITCHES | kept
    return kept


def _own_time(server: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables by which Node and Python load what lets their waits pass in virtual time."""
    # Behind what is there: a program may need its own loaders first.
    node = f'{environ.get("NODE_OPTIONS", "")} --require "{_OWN_TIME / "node.cjs"}"'.strip()
    folders = [str(_OWN_TIME / "python"), environ.get("PYTHONPATH", "")]
    python = os.pathsep.join(folder for folder in folders if folder)
    return {"AGENT_CHAOS_TIME": f"{server}{WAIT}", "NODE_OPTIONS": node, "PYTHONPATH": python}


def asked_s(target: str) -> float:
    """The seconds that a program asks to pass by a target that begins with `WAIT`."""
    return float(parse_qs(urlsplit(target).query)["s"][0])


def here(server: str, url: str) -> str:
    """The address on `server` that stands for a URL."""
    place = urlsplit(url)
    return f"{server}/{place.scheme}/{place.netloc}{place.path.rstrip('/')}"


def meant(target: str) -> str:
    """The URL that a request's target (`/https/api.openai.com/v1/models?x=1`) stands for; '' where it stands for none."""
    scheme, _, rest = target.removeprefix("/").partition("/")
    host = rest.partition("/")[0]
    return f"{scheme}://{rest}" if scheme in _SCHEMES and host else ""
