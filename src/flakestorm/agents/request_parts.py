"""What a configured HTTP request is made of: method, URL, headers and body, each compiled once."""

from __future__ import annotations

from multidict import CIMultiDict
from yarl import URL

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.request_template import (
    TEXT,
    Fill,
    RequestTemplate,
    query_template,
    with_session_field,
)

WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
DEFAULT_TEMPLATE = '{"input": {prompt}}'
DEFAULT_PARAMETER = "input"


class RequestParts:
    """The request that ``config`` describes.

    Without a template the prompt goes into ``{"input": …}``, or for GET, HEAD and DELETE into the query
    parameter ``input``; a ``{prompt}`` in ``query_params`` replaces either. Raises ``ValueError`` when the
    configuration contradicts itself.
    """

    def __init__(self, config: AgentConfig) -> None:
        self.method = config.method
        self.headers: CIMultiDict[str] = CIMultiDict(config.headers)
        structured = config.parse_structured_input
        field = config.session.field if config.session else None
        bodiless = config.request_template is None and config.method in WITHOUT_BODY
        parameters = dict(config.query_params)
        in_query = query_template(parameters, structured).has_prompt
        if bodiless and not in_query:
            parameters[DEFAULT_PARAMETER] = "{prompt}"
        template = config.request_template
        if template is None and not bodiless and not in_query:
            template = DEFAULT_TEMPLATE
        if field is not None and template is None:
            parameters[field] = "{session}"
        declared = self.headers.get("Content-Type", "")
        if field is not None and template is not None:
            template = with_session_field(template, field, declared)
        self._query = query_template(parameters, structured)
        self._body = None if template is None else RequestTemplate(template, declared, structured)
        self._url = URL(config.endpoint).with_fragment(None)
        self._fixed_url = None if self._query.names else self._with_query(self._query.fill(Fill("")))
        if self._body is not None and "Content-Type" not in self.headers:
            charset = "; charset=utf-8" if self._body.content_type == TEXT else ""
            self.headers["Content-Type"] = self._body.content_type + charset

    @property
    def takes_messages(self) -> bool:
        """Whether the template has ``{messages}``, so that a whole conversation fits into one request."""
        return self._body is not None and "messages" in self._body.names

    def url(self, fill: Fill) -> URL:
        """The URL for one request. Raises ``Unsendable``."""
        return self._fixed_url or self._with_query(self._query.fill(fill))

    def body(self, fill: Fill) -> bytes | None:
        """The body for one request, None where it has none. Raises ``Unsendable``."""
        return None if self._body is None else self._body.fill(fill)

    def _with_query(self, query: bytes) -> URL:
        if not query:
            return self._url
        own = self._url.raw_query_string
        joined = f"{own}&{query.decode()}" if own else query.decode()
        return URL.build(
            scheme=self._url.scheme,
            authority=self._url.raw_authority,
            path=self._url.raw_path,
            query_string=joined,
            encoded=True,
        )
