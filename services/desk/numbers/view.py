"""What the pages of numbers share: the span of the address, figures with their comparison, links to the rows as CSV."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from services.desk.keys import SITE
from services.desk.numbers.figures import Figure, days_of, figure_of
from services.desk.numbers.paths import CSV
from services.desk.numbers.reading import Scope, params_of, read_span
from services.desk.numbers.spans import DaySpan
from services.desk.numbers.spans import read_span as span_in
from services.desk.visit import VISIT
from services.desk.words import Words
from shared.errors import FieldError, Problem
from shared.times import now


@dataclass(frozen=True)
class NumbersVisit:
    """A request for numbers of a scope, at one moment."""

    request: web.Request
    scope: Scope = field(default_factory=Scope)
    at: datetime = field(default_factory=now)

    @property
    def words(self) -> Words:
        """The person's language."""
        return self.request[VISIT].words

    @property
    def zone(self) -> ZoneInfo:
        """The newsroom's zone."""
        return self.request.app[SITE].zone

    @property
    def today(self) -> date:
        """The newsroom's day."""
        return self.at.astimezone(self.zone).date()

    def span(self, usual: str) -> DaySpan:
        """The span of the address, `usual` without one. Raises Problem 400 when the days make no span."""
        span = span_in(self.request.query, self.today, usual)
        if span is None:
            text = self.words.text("numbers.no_span")
            raise Problem(400, text, errors=(FieldError("?from", text),))
        return span

    async def figure(self, name: str, title: str, span: DaySpan) -> Figure | None:
        """The figure of a span by hour or day; None when popularity does not answer. Without the span before it is shown, too."""
        found, before = await asyncio.gather(
            read_span(self.request, self.scope, span, span.grain),
            read_span(self.request, self.scope, span.before, span.grain),
        )
        if found is None:
            return None
        return figure_of(name, title, span, found, before, self.words, self.zone, self.at)

    def days(self, span: DaySpan) -> str:
        """The days of a span in words."""
        return days_of(span, self.words)

    def csv(self, span: DaySpan, by: str) -> str:
        """The address of a span's rows as CSV."""
        return f"{CSV}?{urlencode({**params_of(self.request, span), **self.scope.params, 'by': by})}"
