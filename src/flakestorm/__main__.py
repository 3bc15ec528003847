"""``python -m flakestorm``: the same program where the console script is not on the path."""

from flakestorm.cli.main import app

if __name__ == "__main__":
    app(prog_name="flakestorm")
