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
NOBODY_READS = 141
"""What a shell reports of a program that was ended by SIGPIPE."""
BROKEN_SURROUNDINGS = 3


def bounded(command: Callable[P, Any]) -> Callable[P, Any]:
    """Wrap a command: an int that it returns is the exit code; no exception leaves as a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        import typer

        _open_standard_streams()
        _print_anything()
        try:
            code = command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except FlakestormError as error:
            _end(str(error), error.exit_code)
        except KeyboardInterrupt:
            _end("interrupted; what a run has finished is kept: flakestorm run --resume", INTERRUPTED)
        except BrokenPipeError:
            leave_pipe()
        except OSError as error:
            if os.environ.get("FLAKESTORM_DEBUG"):
                raise
            end_on(error)
        except Exception as error:
            # Whatever it is, a traceback is no message for a user.
            if os.environ.get("FLAKESTORM_DEBUG"):
                raise
            _end(_explained(error), BROKEN_SURROUNDINGS)
        raise typer.Exit(code or 0)

    return run


def leave_pipe() -> NoReturn:
    """End quietly: the reader of standard output (``head``, a pager) has gone."""
    _give_up_output()
    raise SystemExit(NOBODY_READS)


def end_on(error: OSError) -> NoReturn:
    """End because something cannot be written or read, with one line that says what."""
    if isinstance(error, BrokenPipeError):
        leave_pipe()
    try:
        sys.stdout.flush()
    except OSError:
        _give_up_output()
    print(f"flakestorm: {_explained(error)}", file=sys.stderr)  # noqa: T201 - stderr is the interface here
    raise SystemExit(BROKEN_SURROUNDINGS)


def _give_up_output() -> None:
    # Else Python would complain once more when it flushes at exit, and end with a code of its own.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_standard_streams() -> None:
    """Where the caller closed one (``<&-``), a socket would get its number, and uvloop aborts on that."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken, which is this one.
            os.open(os.devnull, os.O_RDWR)
    # Python says None for a stream that was closed, and everything that prints would have to know.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - open for as long as the program runs
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - as above


def _print_anything() -> None:
    """A pipe on Windows, or an old locale, cannot take every character; a question mark beats a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _explained(error: Exception) -> str:
    if isinstance(error, OSError):
        return (
            f"{error.filename or 'the output'}: {error.strerror or error}. "
            "Check permissions and free space; FLAKESTORM_DEBUG=1 shows where it happened."
        )
    return (
        f"internal error: {type(error).__name__}: {error}\n"
        "This is a defect of flakestorm. Set FLAKESTORM_DEBUG=1 to see where, and please report it."
    )


def _end(message: str, code: int) -> NoReturn:
    import typer

    print(f"flakestorm: {message}", file=sys.stderr)  # noqa: T201 - stderr is the interface here
    raise typer.Exit(code)
