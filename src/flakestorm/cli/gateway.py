"""``flakestorm gateway``: an agent calls its LLM and its tools through here, disturbed or not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import DEFAULT_CONFIG, ConfigOption

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.chaos.gateway.gateway import Gateway
    from flakestorm.chaos.gateway.scenarios import Scenarios

TOKEN_VARIABLE = "FLAKESTORM_GATEWAY_TOKEN"  # noqa: S105 - the name of a variable, not what is in it


@bounded
def gateway(
    config: ConfigOption = DEFAULT_CONFIG,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", "-s", help="An entry of chaos_matrix, a profile, or no-chaos.", metavar="NAME"
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where it listens; 0 takes any free port.")
    ] = 0,
) -> None:
    """Stand between an agent and what it calls, until Ctrl-C.

    It prints the variables that lead the agent's calls here.
    """
    from flakestorm.chaos.config import GatewayConfig
    from flakestorm.chaos.gateway.gateway import Gateway
    from flakestorm.chaos.gateway.open_files import allow_many
    from flakestorm.chaos.gateway.scenarios import Scenarios
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.loop import run_async
    from flakestorm.model.redaction import Redactor

    loaded = load_config(config)
    section = loaded.chaos
    redact = Redactor(loaded.secrets)
    scenarios = Scenarios(loaded.scenarios, section, scenario, loaded.advanced.seed, redact)
    given = os.environ.get(TOKEN_VARIABLE, "")
    token = given or _new_token()
    allow_many()
    proxy = Gateway(
        (section.gateway if section else None) or GatewayConfig(),
        port=port,
        fallback=lambda: scenarios.traffic,
        surroundings={**os.environ, **(loaded.agent.serve.env if loaded.agent.serve else {})},
        control=scenarios,
        token=token,
    )
    out = console()
    run_async(_serve(proxy, scenarios, out, "" if given else token))
    _summarise(scenarios, proxy, out)


def _new_token() -> str:
    from secrets import token_urlsafe

    return token_urlsafe(24)


async def _serve(proxy: Gateway, scenarios: Scenarios, out: Console, token: str) -> None:
    import asyncio
    import signal

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, ended.set)
        except NotImplementedError:
            # Windows: Ctrl-C raises KeyboardInterrupt instead.
            break
    async with proxy:
        _introduce(proxy, scenarios, out, token)
        # Whoever started this waits for the addresses.
        out.file.flush()
        await ended.wait()


def _introduce(proxy: Gateway, scenarios: Scenarios, out: Console, token: str) -> None:
    from shlex import quote

    from flakestorm.chaos.gateway.routes import ADMIN

    address = proxy.addresses[0]
    admin = f"{address}/{ADMIN}"
    out.print(f"The gateway listens at {address} until you press Ctrl-C.", soft_wrap=True)
    out.print(f"Scenario: {scenarios.scenario}", soft_wrap=True)
    out.print("Start your agent with:")
    for name, value in proxy.environment().items():
        out.print(f"  export {name}={quote(value)}", soft_wrap=True)
    out.print(f"Health: {admin}/health", soft_wrap=True)
    if not token:
        out.print(f"Calls: {admin}/calls, with the token of {TOKEN_VARIABLE}", soft_wrap=True)
    elif sys.stdout.isatty():
        # Nowhere else: in a log it would outlive the gateway.
        out.print(f"Calls: curl -s -H 'Authorization: Bearer {token}' {admin}/calls", soft_wrap=True)
    else:
        hint = f"set {TOKEN_VARIABLE}; a token made here is only shown in a terminal"
        out.print(f"Calls: {admin}/calls ({hint})", soft_wrap=True)


def _summarise(scenarios: Scenarios, proxy: Gateway, out: Console) -> None:
    from collections import Counter

    fired = Counter(name for call in scenarios.traffic.calls() for name in call.fired)
    told = ", ".join(f"{name} {count}" for name, count in sorted(fired.items())) or "none"
    out.print(f"{proxy.seen:,} calls. Faults that fired: {told}")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(gateway)
