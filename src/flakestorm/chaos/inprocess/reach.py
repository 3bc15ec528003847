"""Whether the faults of a scenario can reach the agent at all, judged by what the control arm did."""

from __future__ import annotations

from collections.abc import Collection

from flakestorm.chaos.inprocess.tool import declared
from flakestorm.chaos.inprocess.watch import Watch

_LIBRARIES = "httpx, httpx2, aiohttp, urllib3 (and so requests)"


class Reach:
    """What was seen of the agent's calls so far, and what is known of its tools."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @property
    def seen(self) -> dict[str, int]:
        """How many calls trials made, by library: httpx, httpx2, aiohttp, urllib3, langchain, functions."""
        return dict(self._watch.seen)

    @property
    def kinds(self) -> dict[str, int]:
        """The same by kind: llm, tool, http."""
        return dict(self._watch.kinds)

    @property
    def strays(self) -> dict[str, int]:
        """Calls by library that were made in threads which had lost the trial."""
        return dict(self._watch.strays)

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that are known, called or not."""
        return frozenset(self._watch.tools | declared)

    def missing(self, disturbed: Collection[str], by_url: bool = False) -> str:
        """Why the faults on ``disturbed`` (any of llm, tool, context) can reach nothing; "" when they can.

        ``by_url`` says that a tool fault has ``match_url``: any HTTP call may then be its tool. Ask after the
        control arm: a tool or model that was not called in it may still be called later, but with none known
        and none seen, nothing ever fires.
        """
        kinds = self._watch.kinds
        no_tool = not self.tools and not kinds["tool"]
        problems = []
        if "tool" in disturbed and no_tool and not (by_url and kinds["http"]):
            problems.append(
                "There are tool faults, but no tool is known and no call of one was seen. Name the agent's "
                'tools: agent.tools: ["module:function"], agent.tool_registry: "module:registry", '
                "@flakestorm.tool before the function, or for tools behind a URL chaos.gateway.tools, or "
                "match_url in the fault"
                f"{self._hosts()}."
            )
        if "llm" in disturbed and not kinds["llm"]:
            problems.append(
                "There are LLM faults, but no call of a language model was seen. Seen are calls in this "
                f"process through {_LIBRARIES} to a provider's usual paths such as /v1/chat/completions."
            )
        if "context" in disturbed and no_tool and not kinds["llm"]:
            problems.append(
                "There are context attacks, but neither a tool nor a call of a language model was seen that "
                "could carry them."
            )
        return "\n".join([*problems, *self._what_was_seen()]) if problems else ""

    def _hosts(self) -> str:
        hosts = sorted(self._watch.hosts)
        return f" (other hosts that it called: {', '.join(hosts[:5])})" if hosts else ""

    def _what_was_seen(self) -> list[str]:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.seen.items())) or "none"
        lines = [f"Calls that were seen: {counts}."]
        if self._watch.strays:
            strays = ", ".join(f"{name} {count}" for name, count in sorted(self.strays.items()))
            lines.append(
                f"Calls in threads that do not know their trial: {strays}. Start such threads with "
                "contextvars.copy_context().run, asyncio.to_thread or a ThreadPoolExecutor."
            )
        return lines
