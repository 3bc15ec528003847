"""What an endpoint must look like, with the probable fix when it does not."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flakestorm.model.nearest import nearest

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})  # noqa: S104 - recognised, not bound
PYTHON_TARGET = re.compile(r"(?P<module>.+):(?P<attribute>[^\W\d]\w*(\.[^\W\d]\w*)*)")
MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def check_http_url(text: str) -> str:
    """``text`` if it is an http(s) URL (its port may be ``{port}``), else ``ValueError`` with a fix."""
    if re.search(r"[\s\x00-\x1f]", text):
        raise ValueError(f"{text!r} has a space or control character in it")
    if "://" not in text:
        raise ValueError(f"{text!r} is not a URL{_url_hint(text)}")
    try:
        parts = urlsplit(text.replace("{port}", "1"))
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"}:
        match = nearest(parts.scheme, ("http", "https"))
        hint = f", did you mean '{match}://'?" if match else "."
        raise ValueError(f"{text!r} has the scheme '{parts.scheme}'{hint} Accepted: http, https")
    if not parts.hostname:
        raise ValueError(f"{text!r} names no host, e.g. http://localhost:8000/invoke")
    if port == 0:
        raise ValueError(f"{text!r} names port 0; ports are 1–65535")
    return text


def check_python_target(text: str) -> str:
    """``text`` if it is ``module:attribute`` or ``file.py:attribute``, else ``ValueError`` with a fix."""
    match = PYTHON_TARGET.fullmatch(text)
    if match and "://" not in text and (match["module"].endswith(".py") or MODULE.fullmatch(match["module"])):
        return text
    raise ValueError(f"{text!r} is not module:attribute or file.py:attribute{_target_hint(text)}")


def _url_hint(text: str) -> str:
    if text.endswith(".py") or (PYTHON_TARGET.fullmatch(text) and "/" not in text):
        return "; for Python code set type: python"
    text = text.removeprefix("//").lstrip("/")
    if not text:
        return ", e.g. http://localhost:8000/invoke"
    authority = text.split("/")[0]
    local = authority.rsplit(":", 1)[0] in LOCAL_HOSTS or ":" in authority
    return f", did you mean '{'http' if local else 'https'}://{text}'?"


def _target_hint(text: str) -> str:
    if "://" in text:
        return "; a URL needs type http or openai"
    if text.endswith(".py"):
        return f": add the function's name, e.g. '{text}:invoke'"
    module, dot, attribute = text.rpartition(".")
    if dot and MODULE.fullmatch(text):
        return f", did you mean '{module}:{attribute}'?"
    return ", e.g. my_agent:invoke"
