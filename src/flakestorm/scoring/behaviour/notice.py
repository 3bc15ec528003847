"""Does a reply say that something went wrong? Words for it, in the languages that agents mostly speak."""

from __future__ import annotations

import re

BEGINNINGS = {
    "English": """
        sorry, apologi, unfortunately, regret, unable, not able, couldn't, could not, can't, can
        not, cannot, won't, wouldn't, didn't, did not, doesn't, does not, wasn't, was not, weren't,
        were not, isn't, is not, aren't, are not, haven't, have not, hasn't, has not, unavailable,
        not available, inaccessible, temporar, fail, error, problem, issue, trouble, difficult, try
        again, retry, later, timeout, time-out, timed out, incomplete, partial, truncated, cut off,
        cut short, interrupted, missing, not found, no data, no result, no information, no response,
        no answer, no record, out of date, out-of-date, outdated, stale, cached, as of, last known,
        unverified, unconfirmed, may not, might not, garbled, corrupt, malformed, invalid,
        unreadable, unexpected, inconsistent, overloaded, rate limit, rate-limit, too many requests,
        suspicious, injection, ignored
    """,
    "German": """
        leider, entschuldig, konnte, kann derzeit, kann gerade, kann nicht, nicht möglich, nicht
        verfügbar, nicht erreichbar, nicht gefunden, keine daten, keine antwort, fehler,
        fehlgeschlagen, problem, störung, unvollständig, abgebrochen, später, erneut, veraltet,
        vorübergehend, ungültig, stand vom
    """,
    "French": """
        désolé, malheureusement, excus, impossible, indisponible, n'ai pas, n'est pas, n'a pas, pas
        disponible, erreur, échou, échec, problème, incompl, interrompu, réessay, plus tard, obsol,
        temporair, aucune donnée
    """,
    "Spanish": """
        lo siento, disculp, perdón, desafortunadamente, lamentablemente, no pude, no puedo, no pudo,
        no se pudo, no está disponible, no disponible, error, falló, fallo, problema, incomplet,
        interrumpid, intente, inténtelo, más tarde, desactualizad, temporalmente, sin datos
    """,
    "Portuguese": """
        desculp, infelizmente, não consegui, não posso, não foi, não está, indisponível, erro,
        falhou, falha, tente novamente, mais tarde, desatualizad, temporariamente
    """,
    "Italian": """
        mi dispiace, purtroppo, non sono, non posso, non è, non ho, non disponibile, errore, fallit,
        problema, incomplet, interrott, riprov, più tardi, temporaneamente
    """,
}
"""How words and phrases for it begin, in lower case."""

_PHRASES = {" ".join(phrase.split()) for text in BEGINNINGS.values() for phrase in text.split(",")}
# The boundary stands before all of them: only where a word begins is anything compared.
_NOTICE = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(_PHRASES)))})")
_LEFT_OPEN = re.compile(r"(?:…|\.\.\.|\[(?:truncated|cut|\.{3}|…)\])\s*$")


def notices(reply: str) -> frozenset[str]:
    """The words in ``reply`` that say that something is wrong or not known, in lower case.

    An ellipsis at the end counts as one: who writes it says that there would be more.
    """
    folded = " ".join(reply.lower().replace("’", "'").split())
    found = set(_NOTICE.findall(folded))
    if _LEFT_OPEN.search(folded):
        found.add("…")
    return frozenset(found)
