"""A package index on this machine, so that uploading and installing from an index are tested without one.

``python index_server.py TOKEN FOLDER`` serves the packages in FOLDER, prints its port, and takes uploads of
the user ``__token__`` whose password is TOKEN.
"""

from __future__ import annotations

import sys
from wsgiref.simple_server import make_server

import pypiserver

token, folder = sys.argv[1:]
application = pypiserver.app(
    roots=[folder],
    authenticate=["update"],
    auther=lambda user, password: (user, password) == ("__token__", token),
    disable_fallback=True,
)
with make_server("127.0.0.1", 0, application) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
