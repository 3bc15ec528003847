"""The words of flakestorm as frozen data: no I/O, and no import of any other part."""
