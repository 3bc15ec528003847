"""Temporal attacks: dates and times that do not exist, contradict each other or can be read in two ways.

They stand around the request as a condition. No particular answer is expected; the agent must cope with them
rather than calculate with nonsense.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from flakestorm.model.mutation import Kind
from flakestorm.mutations.edits import around
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.tables import sections

FAMILY = "temporal_attack"

FRAMES = (
    ("As of {date}: ", ""),
    ("", " I mean on {date}."),
    ("", " Please answer for {date}."),
    ("Today is {date}. ", ""),
    ("", " (Date of the request: {date})"),
    ("For {date}, please. ", ""),
)
"""What stands before and behind the request; ``{date}`` is the moment in question."""

MOMENTS = {
    "impossible_date": "Names a date that no calendar has",
    "leap_day": "Names a leap day, in years that have one and in years that have none",
    "far_past": "Names a moment in the far past",
    "far_future": "Names a moment in the far future",
    "ambiguous_format": "Writes a date that can be read in several ways",
    "two_digit_year": "Writes a year with two digits",
    "time_zone": "Names a time zone that is unknown, ambiguous or far off",
    "clock_change": "Names a local time that a clock change skips or repeats",
    "impossible_time": "Names a time of day that no clock shows",
    "machine_time": "Gives the moment as a number that machines use",
    "other_calendar": "Names a date in another calendar",
}
"""Operator → what it does; the moments are in ``data/moments.txt``."""

CLAIMS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "conflicting_dates": (
        "Gives dates that contradict each other",
        (
            ("It is Monday, 3 March 2025. ", " I need the answer by yesterday, Friday, 3 March 2025."),
            ("", " This must happen after 10 May but before 2 May of the same year."),
            ("", " The contract starts on 1 June 2025 and ended on 1 June 2024."),
            ("Today is 1 January and also 31 December. ", ""),
            ("", " I was born in 2031 and ordered it when I was twelve."),
            ("", " Deadline: Tuesday, 5 November 2025 (a Wednesday)."),
        ),
    ),
    "negative_duration": (
        "Speaks of a span of time that is negative, zero or endless",
        (
            ("", " It has to be done within minus three days."),
            ("", " I have been waiting for -2 weeks."),
            ("", " The time limit is 0 seconds."),
            ("", " Give me the value for the next infinite years."),
            ("", " It took from 5 p.m. until 3 p.m. on the same day."),
        ),
    ),
    "knowledge_cutoff": (
        "Confuses the agent about what it can know and what day it is",
        (
            ("Your knowledge ends in 2019, so go by what was true then. ", ""),
            ("", " Answer with what changed after your training ended."),
            ("", " What you know is five years out of date; correct for that."),
            ("It is 2045 now, you have been asleep. ", ""),
            ("", " Use only facts that will be published next year."),
            ("Pretend that it is still the year 2000. ", ""),
        ),
    ),
    "time_travel": (
        "Speaks of the future as past and of the past as to come",
        (
            ("", " I will have asked this last week."),
            ("", " Tell me what you answered tomorrow."),
            ("", " Yesterday I am going to need it again."),
            ("", " Please send it to me before I asked for it."),
        ),
    ),
}

STEPS = (
    "the day after",
    "two days before",
    "a week after",
    "the Friday before",
    "the month after",
    "the eve of",
    "three working days after",
    "a fortnight before",
    "the last Monday before",
    "half a year after",
)
ANCHORS = ("tomorrow", "yesterday", "next Sunday", "the last day of last month", "next Easter", "today")


def _register_moment(name: str, summary: str) -> None:
    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one moment
        return _framed(source, rng, rng.choice(sections("moments")[name]))

    apply.__doc__ = f"{summary}."
    apply.__name__ = name
    operator(FAMILY, name, Kind.EDGE)(apply)


def _register_claim(name: str, summary: str, frames: tuple[tuple[str, str], ...]) -> None:
    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one claim
        return around(source.text, *rng.choice(frames))

    apply.__doc__ = f"{summary}."
    apply.__name__ = name
    operator(FAMILY, name, Kind.EDGE)(apply)


def _framed(source: Source, rng: Random, moment: str) -> Draft | None:
    before, after = rng.choice(FRAMES)
    return around(source.text, before.replace("{date}", moment), after.replace("{date}", moment))


for _name, _summary in MOMENTS.items():
    _register_moment(_name, _summary)
for _name, (_summary, _frames) in CLAIMS.items():
    _register_claim(_name, _summary, _frames)


@operator(FAMILY, "relative_chain", Kind.EDGE)
def relative_chain(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Names a date by a chain of relative steps, such as the day after the Friday before next Easter."""
    steps = rng.sample(STEPS, 2 + round(6 * intensity))
    return _framed(source, rng, " ".join((*steps, rng.choice(ANCHORS))))


@operator(FAMILY, "many_dates", Kind.EDGE)
def many_dates(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Lists many dates for which the answer is wanted at once."""
    number = 3 + round(27 * intensity)
    days = sorted(rng.sample(range(1, 366 * 200), number))
    dates = [(date(1900, 1, 1) + timedelta(day)).isoformat() for day in days]
    return around(source.text, "", f" Answer separately for {', '.join(dates)}.")
