"""References to Python code: "module:attribute" and "file.py:attribute" become the object they name."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from flakestorm.agents.tracebacks import headline, last_lines
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.randomness import identifier


def load(reference: str, key: str, directory: str | Path | None = None) -> object:
    """The object that ``reference`` names; ``key`` is the configuration key that messages blame.

    ``directory`` (default: the current one) is where relative paths start and where modules are looked for
    first; the current directory comes second. Both stay on ``sys.path``, because agents also import inside
    their functions. Raises ``UsageError`` when there is no such module, file or attribute, and when the
    import itself fails.
    """
    module_part, colon, attribute = reference.strip().rpartition(":")
    if not colon or not module_part or not attribute:
        raise UsageError(
            f"{key}: '{reference}' is not 'module:attribute' or 'path/to/file.py:attribute'. "
            "Name the file or module, a colon, and the function, object or class in it."
        )
    return _attribute(load_module(module_part, key, directory), attribute, module_part, key)


def load_module(name: str, key: str, directory: str | Path | None = None) -> ModuleType:
    """The module that ``name`` means: dotted, or the path of a file. All else is as with ``load``."""
    place = Path(directory or ".").resolve()
    _put_on_path(Path.cwd())
    _put_on_path(place)
    if _names_file(name):
        return _import_file(_found(place, name), key)
    return _import_module(name, key, place)


def _names_file(text: str) -> bool:
    return text.endswith(".py") or "/" in text or os.sep in text


def _found(place: Path, file: str) -> Path:
    path = Path(file).expanduser()
    here = Path.cwd() / path
    return here if here.is_file() and not (place / path).is_file() else place / path


def _put_on_path(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _import_module(name: str, key: str, place: Path) -> ModuleType:
    # The file may be younger than what Python remembers of its folder.
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if name != missing and not name.startswith(missing + "."):
            raise _broken(name, key, error) from error
        near = did_you_mean(missing, _modules_in(place)) or "."
        raise UsageError(
            f"{key}: there is no module '{missing}'{near} It was looked for in {place} and among the "
            "installed packages. Start flakestorm where the module is, or give the path of the file in its "
            "place: 'path/to/file.py'."
        ) from None
    except (Exception, SystemExit) as error:
        raise _broken(name, key, error) from error


def _import_file(path: Path, key: str) -> ModuleType:
    if not path.is_file():
        near = did_you_mean(path.name, [file.name for file in path.parent.glob("*.py")]) or "."
        raise UsageError(
            f"{key}: there is no file {path}{near} A relative path starts at the folder of the "
            "configuration file, or at the current one."
        )
    path = path.resolve()
    root, name = _package_root(path)
    known = sys.modules.get(name)
    if known is not None and _file_of(known) == path:
        return known
    _put_on_path(root)
    if known is not None or not name.replace(".", "_").isidentifier():
        # Another module has this name already, and must keep it.
        name = f"flakestorm_agent_{identifier(path)}"
    elif "." in name:
        return _import_module(name, key, root)
    return _execute(path, name, key)


def _execute(path: Path, name: str, key: str) -> ModuleType:
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{key}: {path} is not a Python file. Give a file whose name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickle look their module up while it is being executed.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(str(path), key, error) from error
    return module


def _package_root(path: Path) -> tuple[Path, str]:
    """The folder that has to be on ``sys.path``, and the dotted name of the file's module from there."""
    names = [path.stem]
    root = path.parent
    while (root / "__init__.py").is_file() and root != root.parent:
        names.insert(0, root.name)
        root = root.parent
    return root, ".".join(names)


def _attribute(module: ModuleType, dotted: str, module_part: str, key: str) -> object:
    found: object = module
    walked = f"module '{module_part}'"
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            public = [known for known in dir(found) if not known.startswith("_")]
            near = did_you_mean(name, public) or "."
            names = f" It has: {', '.join(public[:12])}" if public and near == "." else ""
            raise UsageError(f"{key}: {walked} has no attribute '{name}'{near}{names}") from None
        except Exception as error:
            raise _broken(f"{module_part}:{dotted}", key, error) from error
        walked = f"'{module_part}:{name}'"
    return found


def _modules_in(directory: Path) -> list[str]:
    files = [path.stem for path in directory.glob("*.py")]
    return files + [path.parent.name for path in directory.glob("*/__init__.py")]


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _broken(what: str, key: str, error: BaseException) -> UsageError:
    hint = ""
    if isinstance(error, SystemExit):
        hint = "\nIt ends the program when it is imported: put that under if __name__ == '__main__':."
    elif isinstance(error, ModuleNotFoundError):
        hint = f"\nIs the package that has '{error.name}' installed in this environment ({sys.prefix})?"
    return UsageError(f"{key}: importing {what} failed with {headline(error)}\n{last_lines(error)}{hint}")
