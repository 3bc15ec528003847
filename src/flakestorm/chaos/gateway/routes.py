"""Where a request goes: the gateway's own paths, and addresses that it is asked for as a proxy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urlsplit

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.recognition import ToolPlace, recognised, tool_name
from flakestorm.chaos.request import CallRequest
from flakestorm.model.nearest import did_you_mean

ADMIN = "__flakestorm__"
TOOL = "tool"

PROVIDERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "openai": ("https://api.openai.com/v1", ("OPENAI_BASE_URL", "OPENAI_API_BASE")),
    "anthropic": ("https://api.anthropic.com", ("ANTHROPIC_BASE_URL",)),
    "google": ("https://generativelanguage.googleapis.com", ("GOOGLE_GEMINI_BASE_URL",)),
    "ollama": ("http://127.0.0.1:11434", ("OLLAMA_HOST",)),
}
"""Each provider's usual address, and the variables from which its SDK takes another one."""

_VERSION = re.compile(r"/v\d\w*$")
_OLLAMA_PORT = 11434
MOST_REMEMBERED = 1024


class NoRoute(Exception):
    """Nothing is configured where the request asks; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. ``setting`` is the key of the configuration that says so, if one does.

    ``tool`` is the key of the tool by whose path it came, and ``path`` what followed. The admin API's routes
    have no ``url``.
    """

    url: str
    setting: str = ""
    tool: str = ""
    path: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether the gateway itself answers."""
        return not self.url


class Routes:
    """The routes of one gateway.

    ``surroundings`` are the agent's environment variables: where they name a provider's address, that is
    the upstream unless the configuration names another. ``own`` are the gateway's (host, port) pairs.
    """

    def __init__(
        self, config: GatewayConfig, surroundings: Mapping[str, str], own: frozenset[tuple[str, int]]
    ) -> None:
        self._own = own
        # Agents ask for the same few paths again and again.
        self.find = lru_cache(MOST_REMEMBERED)(self._found)
        self.places = {
            name: ToolPlace(tool.upstream, dict(tool.names)) for name, tool in config.tools.items()
        }
        self.upstreams = {
            name: config.upstreams.get(name) or self._usual(name, surroundings)  # type: ignore[call-overload]  # the keys are the same names
            for name in PROVIDERS
        }

    def is_own(self, url: SplitResult) -> bool:
        """Whether ``url`` leads back to this gateway."""
        return (url.hostname or "", url.port or 80) in self._own

    def local(self, target: str) -> str | None:
        """``target`` as a path on this gateway; None where it is another server's address."""
        if target.startswith("/"):
            return target
        url = urlsplit(target)
        if not self.is_own(url):
            return None
        return target[target.index(url.netloc) + len(url.netloc) :] or "/"

    def _found(self, target: str) -> Route:
        """Where the request line's ``target`` leads. Raises ``NoRoute``."""
        path = self.local(target)
        if path is None:
            if urlsplit(target).scheme.lower() not in ("http", "https"):
                raise NoRoute(f"'{target}' is neither a path nor an http address")
            return Route(target)
        name, rest = _first(path)
        if name in PROVIDERS:
            setting = f"chaos.gateway.upstreams.{name}"
            return self._checked(Route(joined(self.upstreams[name], rest), setting))
        if name == ADMIN:
            return Route("", path=path)
        if name != TOOL:
            known = [f"/{name}" for name in PROVIDERS] + [f"/{TOOL}/{key}" for key in self.places]
            near = did_you_mean(f"/{name}", known) or "."
            raise NoRoute(f"no route for '/{name}'{near} Routes: {', '.join(known)}")
        quoted, rest = _first(rest)
        key = unquote(quoted)
        if key not in self.places:
            known = sorted(self.places)
            near = did_you_mean(key, known) or "."
            configured = ", ".join(known) or "none; add it to chaos.gateway.tools"
            raise NoRoute(f"no tool '{key}' is configured{near} Configured: {configured}")
        url = joined(self.places[key].upstream, rest)
        return self._checked(Route(url, f"chaos.gateway.tools.{key}.upstream", key, urlsplit(rest).path))

    def call(
        self, route: Route, method: str, headers: list[tuple[str, str]], body: bytes, stream: bool = False
    ) -> CallRequest:
        """What the request is."""
        if route.tool:
            name = tool_name(route.tool, self.places[route.tool], method, route.path)
            lowered = {key.lower(): value for key, value in headers}
            return CallRequest("tool", name, "", method, route.url, lowered, body, stream)
        # By a provider's path it is no tool, even where a tool has the same address.
        return recognised(method, route.url, headers, body, {} if route.setting else self.places)

    def _usual(self, name: str, surroundings: Mapping[str, str]) -> str:
        usual, variables = PROVIDERS[name]
        for variable in variables:
            given = surroundings.get(variable, "").strip()
            if given:
                address = _ollama(given) if name == "ollama" else given
                # Left over from a gateway that had the same port: it would ask itself for ever.
                if address.startswith("http") and not self.is_own(urlsplit(address)):
                    return address
        return usual

    def _checked(self, route: Route) -> Route:
        if self.is_own(urlsplit(route.url)):
            raise NoRoute(f"{route.setting} is the address of this gateway: it would ask itself for ever")
        return route


def tool_path(key: str) -> str:
    """The path by which the agent reaches the tool configured as ``key``."""
    return f"/{TOOL}/{quote(key, safe='')}"


def joined(base: str, rest: str) -> str:
    """``rest``, a path with or without query, below ``base``.

    A version that both have is taken once: ``…/v1`` and ``/v1/models`` make ``…/v1/models``. A query of the
    base, such as Azure's ``api-version``, is kept.
    """
    above, _, query = base.partition("?")
    above = above.rstrip("/")
    path, mark, own_query = rest.partition("?")
    version = _VERSION.search(above)
    if version and (path == version[0] or path.startswith(version[0] + "/")):
        path = path[len(version[0]) :]
    if query:
        own_query, mark = "&".join(part for part in (query, own_query) if part), "?"
    return f"{above}{path}{mark}{own_query}"


def _first(path: str) -> tuple[str, str]:
    """The first segment, and everything behind it."""
    found = re.match(r"/([^/?]*)(.*)", path, re.DOTALL)
    return (found[1], found[2]) if found else ("", path)


def _ollama(host: str) -> str:
    """OLLAMA_HOST may be a host, a port, or both, without a scheme."""
    url = urlsplit(host if "://" in host else f"http://{host}")
    name = url.hostname or "127.0.0.1"
    name = "127.0.0.1" if name == "0.0.0.0" else name  # noqa: S104 - where a server listens, not where it is
    port = url.port or (_OLLAMA_PORT if "://" not in host else None)
    return f"{url.scheme}://{name}{f':{port}' if port else ''}{url.path}"
