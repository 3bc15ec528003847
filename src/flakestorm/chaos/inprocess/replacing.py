"""Puts wrapped tools where the agent will find them: modules, classes, registries, tool objects."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from flakestorm.chaos.inprocess.functions import is_generator, tool_name_of, wrapped
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.model.errors import UsageError

_HELD_IN = ("func", "coroutine", "function", "fn", "handler", "callable", "on_invoke_tool")
"""Attributes in which frameworks keep the function of a tool object; there may be a sync and an async one."""

_METHODS = ("forward", "execute", "run", "invoke")
"""Methods that are the tool, where no function is kept."""

_REGISTERED_IN = ("tools_by_name", "tools", "_tools", "functions")
"""Attributes in which objects keep their tools."""

_ACCEPTED = (
    "Accepted: a function or async function, a method, a LangChain tool, an object with a name and a function"
)


class Replacing:
    """Replaces tools for the time of an installation. ``found`` are the names."""

    def __init__(self, watch: Watch, patches: Patches) -> None:
        self._watch = watch
        self._patches = patches
        self.found: set[str] = set()

    def tool(self, reference: str, value: object, name: str = "") -> None:
        """The tool at ``reference`` is ``value``. Raises ``UsageError`` when that is no tool."""
        known = tool_name_of(value) or _langchain_name(value)
        if known is not None:
            self.found.add(known)
        elif isinstance(value, FunctionType | BuiltinFunctionType | MethodType | partial):
            self._function(reference, value, name or _own_name(value) or reference.rpartition(":")[2])
        elif not self._object(value, name):
            raise UsageError(
                f"agent.tools: '{reference}' is {type(value).__name__}, which is no tool. {_ACCEPTED}."
            )

    def registry(self, reference: str, value: object) -> None:
        """The tools in ``value``: a mapping by name, a list, or an object that has one of these.

        Raises ``UsageError`` when it has none.
        """
        inside = _collection(value)
        if inside is None:
            kind = type(value).__name__
            raise UsageError(
                f"agent.tool_registry: '{reference}' is {kind}, in which no tools were found. "
                "Accepted: a dict from names to functions, a list of functions or tools, or an object with "
                f"such a thing as {', '.join(_REGISTERED_IN)}."
            )
        pairs = list(inside.items()) if isinstance(inside, Mapping) else list(enumerate(inside))
        for key, value in pairs:
            name = key if isinstance(key, str) else ""
            self.tool(f"{reference}[{key!r}]", value, name)
            if isinstance(value, FunctionType | BuiltinFunctionType | MethodType | partial):
                self._in_registry(inside, key, value, name or _own_name(value))

    def _function(self, reference: str, function: Callable[..., Any], name: str) -> None:
        if is_generator(function):
            raise UsageError(
                f"agent.tools: '{reference}' is a generator, which has no result to disturb. {_ACCEPTED}."
            )
        self.found.add(name)
        if isinstance(function, MethodType):
            self._method(function, name)
            return
        wrapper = wrapped(function, name)
        for place in _places(function):
            self._put(place, wrapper)

    def _method(self, method: MethodType, name: str) -> None:
        owner = method.__self__
        wrapper: object = wrapped(method, name)
        if isinstance(owner, type):
            # As a plain function it would be bound again when it is called on an object.
            wrapper = staticmethod(wrapper)  # type: ignore[arg-type]  # wrapped() returns a function
        self._attribute(owner, method.__name__, wrapper)

    def _object(self, value: object, name: str) -> bool:
        own = name or _own_name(value)
        held = [attribute for attribute in _HELD_IN if _is_function(getattr(value, attribute, None))]
        held = held or [method for method in _METHODS if _is_function(getattr(value, method, None))][:1]
        if not own or not held or isinstance(value, type | ModuleType):
            return False
        for attribute in held:
            self._attribute(value, attribute, wrapped(getattr(value, attribute), own))
        self.found.add(own)
        return True

    def _in_registry(self, registry: Any, key: Any, value: Any, name: str) -> None:
        if registry[key] is not value:
            return  # Replaced already, in the module that it is in.
        if not isinstance(registry, MutableMapping | MutableSequence):
            raise UsageError(
                f"agent.tool_registry: {type(registry).__name__} cannot be changed, so the tool '{name}' in "
                "it cannot be reached. Use a dict or a list."
            )
        self._patches.item(registry, key, wrapped(value, name))

    def _put(self, place: tuple[Any, Any, bool], wrapper: Callable[..., Any]) -> None:
        owner, key, is_attribute = place
        if not is_attribute:
            self._patches.item(owner, key, wrapper)
        elif isinstance(owner, type) and isinstance(vars(owner)[key], staticmethod):
            self._attribute(owner, key, staticmethod(wrapper))
        else:
            self._attribute(owner, key, wrapper)

    def _attribute(self, owner: Any, name: str, wrapper: object) -> None:
        try:
            self._patches.attribute(owner, name, wrapper)
        except (AttributeError, TypeError, ValueError, KeyError) as error:
            raise UsageError(
                f"agent.tools: {type(owner).__name__}.{name} cannot be replaced ({error}). Mark the function "
                "itself with @flakestorm.tool."
            ) from None


def _places(function: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Where ``function`` is: (owner, key, whether the key is an attribute).

    That is every module that has it under any name, also in a dict or list at the top of the module, because
    ``from tools import search`` makes a second reference. Inside its own class it is found by its qualified
    name.
    """
    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType) or _is_foreign(module.__name__):
            continue
        for name, value in list(vars(module).items()):
            if value is function:
                yield module, name, True
            elif type(value) is dict and not name.startswith("__"):
                yield from ((value, key, False) for key, item in list(value.items()) if item is function)
            elif type(value) is list:
                yield from ((value, index, False) for index, item in enumerate(value) if item is function)
    owner = _class_of(function)
    if owner is not None:
        yield owner, function.__name__, True


def _is_foreign(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names or module.startswith("flakestorm.")


def _class_of(function: Any) -> Any:
    path = getattr(function, "__qualname__", "").split(".")[:-1]
    owner: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for name in path:
        owner = getattr(owner, name, None)
    is_there = bool(path) and inspect.isclass(owner) and function.__name__ in vars(owner)
    return owner if is_there else None


def _collection(value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple):
        return value
    inside = (getattr(value, name, None) for name in _REGISTERED_IN)
    return next((found for found in inside if isinstance(found, Mapping | list | tuple)), None)


def _own_name(value: object) -> str:
    for attribute in ("name", "__name__"):
        name = getattr(value, attribute, None)
        if isinstance(name, str) and name:
            return name
    return _own_name(value.func) if isinstance(value, partial) else ""


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def _langchain_name(value: object) -> str | None:
    """The name of a LangChain tool, whose class is hooked. Where LangChain is not loaded there is none."""
    tools = sys.modules.get("langchain_core.tools")
    return str(value.name) if tools is not None and isinstance(value, tools.BaseTool) else None
