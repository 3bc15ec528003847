"""Imports every module of the installed flakestorm; prints as JSON what failed and what was loaded."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import flakestorm

failed: dict[str, str] = {}
modules = [
    module.name for module in pkgutil.walk_packages(flakestorm.__path__, "flakestorm.", failed.setdefault)
]
for name in modules:
    if name != "flakestorm.__main__":  # it is the program: it runs when it is imported
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to tell of it
            failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps({"modules": modules, "failed": failed, "loaded": sorted(sys.modules)}))
