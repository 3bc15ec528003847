"""Makes a release of the working tree, so that the version, the changelog and the tag cannot disagree.

``python tools/release.py 3.1.0`` writes the version into src/flakestorm/version.py and rust/Cargo.toml, pins
the extension of that version in pyproject.toml, gives the changelog's unreleased section that version and
today's date, tells the version in the README, commits the five files and tags the commit ``v3.1.0``. It
publishes nothing: that begins with the push, left to whoever releases.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from packaging.version import Version

VERSION_FILE, CRATE, PROJECT, CHANGELOG, README = (
    Path("src/flakestorm/version.py"),
    Path("rust/Cargo.toml"),
    Path("pyproject.toml"),
    Path("CHANGELOG.md"),
    Path("README.md"),
)
ACCEPTED = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)((a|b|rc)\d+)?")
WRITTEN = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
CRATED = re.compile(r'^version = "[^"]+"$', re.MULTILINE)
PINNED = re.compile(r'"flakestorm-rust==[^"]+"')
UNRELEASED = re.compile(r"^## \[(?:(?P<version>[^\]]+)\] – unreleased|Unreleased\])$", re.MULTILINE)
TOLD = re.compile(r"\bVersion \d+\.\d+\.\d+\w*( is not released)?\b")


class Refused(Exception):
    """The release cannot be made; nothing was changed."""


def main() -> int:
    """Release the version that the command line names; 1 if that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("version", help="such as 3.1.0, or 3.1.0rc1 for a candidate")
    version = parser.parse_args().version
    try:
        check(version)
    except Refused as refused:
        print(f"release: {refused}", file=sys.stderr)
        return 1
    write(version)
    files = [str(path) for path in (VERSION_FILE, CRATE, PROJECT, CHANGELOG, README)]
    git("add", *files)
    git("commit", "--quiet", "--message", f"Release {version}")
    git("tag", "--annotate", f"v{version}", "--message", f"flakestorm {version}")
    print(f"Released {version} here: one commit and the tag v{version}. To publish it:")
    print("  git push --follow-tags")
    print(f"  then make a GitHub release of the tag v{version}; publish.yml does the rest.")
    return 0


def check(version: str) -> None:
    """Refuse what could not be undone once it is published."""
    if not ACCEPTED.fullmatch(version):
        raise Refused(f"'{version}' is no version. Accepted: MAJOR.MINOR.PATCH, and a1, b1 or rc1 after it.")
    if git("status", "--porcelain", "--untracked-files=no"):
        raise Refused("the working tree has changes that are not committed. Commit them first.")
    if git("tag", "--list", f"v{version}"):
        raise Refused(
            f"the tag v{version} exists. A published version cannot be replaced: take the next one."
        )
    current = WRITTEN.search(VERSION_FILE.read_text(encoding="utf-8"))
    if current is None:
        raise Refused(f'{VERSION_FILE} has no line __version__ = "…".')
    if Version(version) < Version(current["version"]):
        raise Refused(f"{version} is older than {current['version']}, which {VERSION_FILE} has.")
    check_changelog(version)


def check_changelog(version: str) -> None:
    """Refuse a release of which the changelog tells nothing, or something else."""
    text = CHANGELOG.read_text(encoding="utf-8")
    section = UNRELEASED.search(text)
    if section is None:
        raise Refused(f"{CHANGELOG} has no section '## [Unreleased]'. Say in one what {version} changes.")
    if section["version"] not in (None, version):
        raise Refused(f"{CHANGELOG} prepares {section['version']}, not {version}. Make them agree.")
    if not text[section.end() :].partition("\n## ")[0].strip():
        raise Refused(f"the unreleased section of {CHANGELOG} is empty. Say in it what {version} changes.")


def write(version: str) -> None:
    """Put the version into the five files."""
    today = datetime.now(timezone.utc).date().isoformat()
    replace(VERSION_FILE, WRITTEN, f'__version__ = "{version}"')
    # Cargo wants a hyphen before the name of a candidate.
    replace(CRATE, CRATED, f'version = "{re.sub("(?=[a-z])", "-", version, count=1)}"')
    replace(PROJECT, PINNED, f'"flakestorm-rust=={version}"')
    replace(CHANGELOG, UNRELEASED, f"## [{version}] – {today}")
    replace(README, TOLD, f"Version {version}")


def replace(path: Path, pattern: re.Pattern[str], text: str) -> None:
    """Replace the first match of ``pattern`` in a file, and nothing where there is none."""
    path.write_text(pattern.sub(text, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def git(*words: str) -> str:
    """Run git in the current folder, give back what it prints, and end with its message when it fails."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"release: git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
