"""Runs flakestorm where no file may be larger than so many bytes: as good as a full disk, for every user."""

import resource
import runpy
import signal
import sys

limit = int(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.argv = ["flakestorm", *sys.argv[2:]]
runpy.run_module("flakestorm", run_name="__main__")
