"""The variables that lead an agent's calls through the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.gateway.routes import PROVIDERS, tool_path

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PROXY_EXCEPTIONS = ("NO_PROXY", "no_proxy")


def environment(address: str, config: GatewayConfig, surroundings: Mapping[str, str]) -> dict[str, str]:
    """What to add to an agent's environment so that it calls through ``address`` (``http://host:port``).

    Each SDK gets its base URL, each tool with ``env`` its address. Plain HTTP goes through the gateway as a
    proxy; HTTPS only where a tool without ``env`` can be reached in no other way. Connections to this
    machine are left out of that, unless a configured upstream or a tool without ``env`` is on it.
    """
    hidden = [tool.upstream for tool in config.tools.values() if tool.env is None]
    variables = {name: f"{address}/{key}" for key, (_, names) in PROVIDERS.items() for name in names}
    for key, tool in config.tools.items():
        if tool.env is not None:
            variables[tool.env] = address + tool_path(key)
    proxied = ["HTTP_PROXY", "http_proxy"]
    if any(urlsplit(url).scheme == "https" for url in hidden):
        proxied += ["HTTPS_PROXY", "https_proxy"]
    variables |= dict.fromkeys(proxied, address)
    observed = {urlsplit(url).hostname or "" for url in (*hidden, *config.upstreams.values())}
    exceptions = ",".join(_exceptions(address, surroundings, observed))
    return variables | dict.fromkeys(_PROXY_EXCEPTIONS, exceptions)


def _exceptions(address: str, surroundings: Mapping[str, str], observed: set[str]) -> list[str]:
    """What does not go through the proxy: the gateway itself, and whatever need not be seen."""
    given = next((surroundings[name] for name in _PROXY_EXCEPTIONS if surroundings.get(name)), "")
    listed = [entry.strip() for entry in given.split(",") if entry.strip()]
    if not observed.intersection(LOOPBACK):
        listed += LOOPBACK
    kept = [entry for entry in listed if not any(_covers(entry, host) for host in observed)]
    return list(dict.fromkeys([urlsplit(address).netloc, *kept]))


def _covers(entry: str, host: str) -> bool:
    """Whether an entry of NO_PROXY keeps ``host`` away from the proxy; both names of loopback are one."""
    if entry == "*" or (host in LOOPBACK and entry in LOOPBACK):
        return True
    bare = entry.lstrip("*.").lower()
    return host == bare or host.endswith(f".{bare}")
