# What the extension offers. Each function has a twin in Python of the same name and the same results; its
# docstring stands there.

__version__: str
