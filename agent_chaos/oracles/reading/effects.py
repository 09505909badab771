"""Which tools change something, and which only look: told by their names, where nothing else tells it."""

from __future__ import annotations

import re
from itertools import pairwise

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
    if words[0] in ("check", "look") and words[1:2] in (["in"], ["out"]):
        return False
    deeds = [after for word, after in pairwise(words) if word in _JOINS]
    if deeds and words[0] in _READS and not all(deed in _READS for deed in deeds[-1:]):
        return False
    return words[0] in _READS or words[-1] in _READS_AT_END or words[-1].endswith(_ENDINGS)
