"""Which tools change something, and which only look: what they gave tells it, and their names; a name alone does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from agent_chaos.oracles.reading.tool_reports import says_nothing
from agent_chaos.oracles.reading.turns import executed, strict_json, usual_results
from agent_chaos.trace.trace import Trace

_BY_LANGUAGE = {
    "English": "browse calculate calculator check compare compute count describe divide estimate fetch find forecast get has is "
    "list load look lookup multiply parse query read retrieve search show subtract summarize temperature track translate "
    "validate verify view weather",
    "Spanish": "buscar calcular clima comprobar consultar contar leer listar mostrar obtener tiempo ver verificar",
    "Portuguese": "calcular consultar ler listar mostrar obter pesquisar procurar ver verificar",
    "Italian": "calcola cerca cercare elenca leggere leggi meteo mostra trova",
    "German": "abfrage berechne berechnen finde finden hole holen lesen lies liste prüfe prüfen pruefe suche suchen wetter zeige "
    "zeigen",
    "Dutch": "bereken haal lees toon weer zoek",
    "French": "afficher calculer chercher compter lire lister météo obtenir rechercher trouver vérifier",
}
_READS = frozenset(word for words in _BY_LANGUAGE.values() for word in words.split())
"""First words of the names of tools that read or reckon, and change nothing."""
_READS_AT_END = frozenset(
    [
        "lookup",
        "query",
        "search",
        "suche",
        "búsqueda",
        "busqueda",
        "recherche",
        "abfrage",
        "consulta",
        "検索",
        "照会",
        "取得",
        "確認",
        "一覧",
        "查询",
        "搜索",
    ]
)
_ENDINGS = ("検索", "照会", "取得", "確認", "查询", "搜索")
"""Of names that are written without spaces."""
_JOINS = frozenset(["and", "or", "then", "y", "o", "und", "oder", "et", "ou", "e", "en", "of"])
_WORD = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+|[^\W\d_a-zA-ZÀ-ÿ]+")


def only_reads(name: str) -> bool:
    """Whether a tool's name says so: its first word is one of reading or reckoning, or its last one is 'search'.

    A name that goes on with another deed (`find_or_create`) says so only if that reads, too.
    """
    words = [word.lower() for word in _WORD.findall(name)] or [""]
    # `check_in_guest` and `check_out` are deeds.
    if words[0] in ("check", "look") and words[1:2] in (["in"], ["out"]):
        return False
    deeds = [after for word, after in pairwise(words) if word in _JOINS]
    if deeds and words[0] in _READS and not all(deed in _READS for deed in deeds[-1:]):
        return False
    return words[0] in _READS or words[-1] in _READS_AT_END or words[-1].endswith(_ENDINGS)


def brings_back(name: str, clean: Trace) -> bool:
    """Whether a tool ever gave something that its arguments had not: who looks brings something back, and a deed may leave
    no more than an acknowledgement (nothing, `true`, the order's own number)."""
    runs = [run for run in clean.tools if run.name == name and not run.end.failed]
    if runs:
        return any(_tells_more(run.end.result, run.arguments) for run in runs)
    # No boundary sees it: what the model was told of it.
    asked = [one.arguments for one in executed(clean, clean) if one.name == name]
    return any(_tells_more(result, asked) for result in usual_results(clean).get(name, ()))


def _tells_more(result: Any, arguments: Any) -> bool:
    given = {str(leaf) for leaf in _leaves(arguments)}
    return any(str(leaf) not in given and not says_nothing(leaf) for leaf in _leaves(result))


def _leaves(value: Any) -> Iterator[Any]:
    read = strict_json(value) if isinstance(value, str) else value
    if isinstance(read, dict | list):
        for inner in read.values() if isinstance(read, dict) else read:
            yield from _leaves(inner)
    else:
        yield read
