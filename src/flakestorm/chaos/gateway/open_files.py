"""Each stream takes two sockets, and most systems allow a program 1,024 open files unless asked for more."""

from __future__ import annotations


def allow_many() -> None:
    """Raise the limit of open files as far as the system allows; where that cannot be, all stays as it is."""
    try:
        import resource
    except ImportError:
        # Windows has no such limit.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):
            # macOS announces no limit at all and refuses it.
            pass
