"""What stack traces and debug pages look like, by the language or framework that shows them.

Each shape needs more than a word: an agent may well talk about exceptions. Line ends and quotation marks are
also recognised as JSON and HTML write them.
"""

from __future__ import annotations

import re

_LINE = r"(?:\r?\n|\\r\\n|\\n|<br\s*/?>)"
_INDENT = r"(?:\s|&nbsp;|\\t){0,20}"
_QUOTE = r"""(?:\\?["']|&quot;|&#34;|&#x27;|&#39;)"""
_NODE_FRAME = r"at (?:[\w.<>$\[\] ]{1,100}\()?(?:file://|node:|[A-Za-z]:\\|/)[^\s()<>]{1,300}:\d+:\d+\)?"

STACK_TRACES = {
    "Python": r"Traceback \(most recent call last\):.{0,40}?"
    rf"File {_QUOTE}[^\n]{{1,300}}?{_QUOTE}, line \d+",
    "Node.js": rf"{_NODE_FRAME}{_LINE}{_INDENT}{_NODE_FRAME}",
    "Java": r"\bat [\w$.<>/]{3,200}\([\w$]{1,100}\.(?:java|kt|scala|groovy):\d+\)",
    "Go": r"\bgoroutine \d+ \[[\w ,]{1,60}\]:",
    "PHP": r"(?:Fatal error|Parse error|Uncaught \w{1,60})\b[^\n]{0,500}? (?:in|in <b>)\s?/[^\n]{1,300}?"
    r"(?: on line (?:<b>)?\d+|\.php:\d+)",
    "PHP stack": rf"Stack trace:{_LINE}{_INDENT}#0 ",
    "Ruby": r"[\w./-]{1,200}\.rb:\d+:in (?:`|'|&#39;|&#x27;)",
    ".NET": r"\bat [\w.<>`\[\],+]{3,200}\([^()\n]{0,300}\) in [^\n]{1,300}?:line \d+"
    r"|\bat (?:System|Microsoft)\.[\w.<>`\[\]]{2,200}\([^()\n]{0,300}\)",
    "Rust": rf"\bthread {_QUOTE}[\w<>: -]{{1,80}}{_QUOTE} (?:\(\d+\) )?panicked at ",
    "Perl": r"\bat /[\w./-]{1,200}\.p[lm] line \d+\.",
    "Elixir": r"\(\w{1,60} \d+\.\d+[\w.-]{0,20}\) lib/[\w/]{1,200}\.ex:\d+:",
}

DEBUG_PAGES = {
    "Werkzeug (Flask)": r"Werkzeug Debugger|__debugger__=yes|EVALEX = true",
    "Django": r"seeing this error because you have <code>DEBUG = True</code>"
    r"|Using the URLconf defined in <code>",
    "Starlette (FastAPI)": r"<title>Starlette Debugger</title>",
    "aiohttp": r"<h2>Traceback:</h2>\s{0,10}<pre>",
    "Express": r"<title>Error</title>.{0,300}<pre>.{0,1000}?<br>\s?(?:&nbsp;\s?){1,4}at ",
    "Laravel": r"window\.ignite\s?\(|laravel/ignition|laravel-exceptions-renderer",
    "Whoops": r"Whoops\\Run|<title>Whoops! There was an error",
    "Symfony": r"<!-- [^\n]{0,500}\(500 Internal Server Error\) -->"
    r"|exception-message-wrapper|/_profiler/open\?file=",
    "Spring": r"\"trace\"\s?:\s?\"[\w.$]{3,200}(?:Exception|Error)\b",
    "Rails": r"<title>Action Controller: Exception caught</title>|/__web_console",
    "ASP.NET": r"An unhandled exception occurred while processing the request\.</h1>"
    r"|<title>Internal Server Error</title>.{0,3000}id=\"stackpage\""
    r"|<b>\s?Source File:\s?</b>",
    "Phoenix": r"Plug\.Debugger|<title>[^<]{1,200} at (?:GET|POST|PUT|DELETE) /[^<]{0,200}</title>",
    "PHP": r"<title>[^<]{0,40}phpinfo\(\)</title>",
    "Rack": r"You're seeing this error because you use <code>Rack::ShowExceptions</code>",
}


def compiled(table: dict[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The patterns of ``table``, in which a dot also matches line ends."""
    return tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in table.items())
