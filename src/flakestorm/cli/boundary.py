"""Where exceptions end: each becomes one message on stderr and a documented exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec

from flakestorm.model.errors import FlakestormError

P = ParamSpec("P")

INTERRUPTED = 130
UNKNOWN_ERROR = 3


def bounded(command: Callable[P, Any]) -> Callable[P, Any]:
    """Wrap a command: an int that it returns is the exit code; no exception leaves as a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        import typer

        try:
            raise typer.Exit(command(*args, **kwargs) or 0)
        except FlakestormError as error:
            _end(str(error), error.exit_code)
        except KeyboardInterrupt:
            _end("interrupted; what finished is kept: flakestorm run --resume", INTERRUPTED)
        except BrokenPipeError:
            # The reader (`head`, a pager) has gone; Python would complain once more at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except (
            OSError,
            RecursionError,
            MemoryError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
        ) as error:
            if os.environ.get("FLAKESTORM_DEBUG"):
                raise
            _end(
                f"internal error: {type(error).__name__}: {error}\n"
                "This is a defect of flakestorm. Set FLAKESTORM_DEBUG=1 to see where, and please report it.",
                UNKNOWN_ERROR,
            )

    return run


def _end(message: str, code: int) -> NoReturn:
    import typer

    print(f"flakestorm: {message}", file=sys.stderr)  # noqa: T201 - stderr is the interface here
    raise typer.Exit(code)
