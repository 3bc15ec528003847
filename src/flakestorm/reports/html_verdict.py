"""The top of the page: is it good enough, and how sure are we?"""

from __future__ import annotations

from flakestorm.model.run import Run, Score, Totals
from flakestorm.reports.markup import Content, Html, join, tag, view
from flakestorm.reports.rerun import repeated
from flakestorm.scoring.overall import PILLARS

JUDGEMENTS = {
    0: ("passed", "Good enough"),
    1: ("failed", "Falls short"),
    2: ("errored", "Wrong usage"),
    3: ("errored", "Not measured"),
    4: ("inconclusive", "Inconclusive"),
    130: ("inconclusive", "Interrupted"),
}
"""Exit code → status colour and two words."""
TITLES = {
    "overall": "Overall",
    "robustness": "Robustness",
    "chaos_resilience": "Chaos resilience",
    "contract": "Contract",
    "replay": "Replay",
}
STATUSES = ("passed", "failed", "errored", "inconclusive", "skipped")
SIGNS = {"passed": "✓", "failed": "✕", "errored": "!", "inconclusive": "?", "skipped": "–"}
"""A sign beside every status colour, so that nothing is said by colour alone."""


def percent(share: float) -> str:
    """``83 %``; a value that is not exactly 0 or 1 is never rounded to look as if it were."""
    number = 100 * share
    if 0 < number < 1 or 99 < number < 100:
        return f"{number:.1f} %" if 0.1 <= number <= 99.9 else ("<0.1 %" if number < 1 else ">99.9 %")
    return f"{number:.0f} %"


def status_sign(status: str) -> Html:
    """The sign of a status in its colour; the word stands beside it or is read out."""
    return tag("span", SIGNS[status], class_=f"sign {status}", aria_hidden="true")


def command(text: str, label: str) -> Html:
    """A command line with a button to copy it (the button works only with JavaScript)."""
    button = tag("button", "Copy", type="button", class_="copy", aria_label=f"Copy: {label}")
    return tag("div", tag("code", text), button, class_="command")


def verdict_section(run: Run) -> Html:
    """The sentence, the reasons, the scores with their intervals, and how all trials ended."""
    colour, words = JUDGEMENTS.get(run.assessment.exit_code, ("errored", "Not measured"))
    if run.info.is_exploration and run.assessment.exit_code == 0:
        words = "Explored"
    if run.info.status != "complete":
        words = f"Partial: {words[0].lower()}{words[1:]}"
    judgement = tag(
        "p",
        tag("strong", words, class_=f"judgement {colour}"),
        tag("span", f"exit code {run.assessment.exit_code}", class_="muted"),
        class_="judged",
    )
    reasons = [tag("li", reason) for reason in run.assessment.reasons]
    return tag(
        "section",
        judgement,
        _headline(run.assessment.headline),
        tag("ul", *reasons, class_="reasons") if reasons else None,
        tag("div", _scores(run), _totals(run.totals), class_="evidence-grid"),
        tag("h2", "Run it again", class_="label"),
        command(repeated(run.info, run.surface), "run it again"),
        id="verdict",
        aria_label="Verdict",
    )


def _headline(sentence: str) -> Html:
    """The sentence, with its uncertainty in a quieter voice but never apart from it."""
    claim, bracket, rest = sentence.partition(" (")
    return tag("h1", claim, tag("span", f" ({rest}", class_="doubt") if bracket else None)


def _scores(run: Run) -> Html:
    minima = _minima(run)
    rows = [
        _score_row(words, score, minima.get(name))
        for name, words in TITLES.items()
        if (score := getattr(run.scores, name)) is not None and not _repeats(run, name)
    ]
    head = tag(
        "thead", tag("tr", *(tag("th", t, scope="col") for t in ("Score", "95 % interval", "", "Judged")))
    )
    if not rows:
        why = (
            "an exploration tries every fault, likely or not"
            if run.info.is_exploration
            else "a search spends its calls where failures are"
            if run.info.is_search
            else "the surface has one at each of its points"
            if run.surface is not None
            else "nothing could be judged"
        )
        return tag("p", f"No score: {why}.", class_="muted")
    caption = tag("caption", "Scores with their 95 % intervals", class_="unseen")
    return tag("table", caption, head, tag("tbody", *rows), class_="scores")


def _repeats(run: Run, name: str) -> bool:
    """With one pillar, the overall score is that pillar again."""
    measured = [pillar for pillar in TITLES if getattr(run.scores, pillar) is not None]
    return name == "overall" and len(measured) <= 2


def _minima(run: Run) -> dict[str, float | None]:
    """What `flakestorm ci` asks of each score."""
    asked = {pillar.name: pillar.minimum for pillar in run.ci.pillars} if run.ci is not None else {}
    return {score: asked.get(pillar) for score, pillar in PILLARS.items()}


def _score_row(words: str, score: Score, minimum: float | None) -> Html:
    return tag(
        "tr",
        tag("th", words, scope="row"),
        tag("td", interval_picture(score)),
        tag(
            "td",
            tag("strong", percent(score.value)),
            tag("span", f" {percent(score.low)[:-2]}–{percent(score.high)}", class_="muted"),
            None if minimum is None else _demand(score, minimum),
            class_="number",
        ),
        tag("td", f"{score.judged:,}", class_="number"),
    )


def _demand(score: Score, minimum: float) -> Html:
    if score.value < minimum:
        return tag("small", f"✕ below the minimum of {percent(minimum)}", class_="demand missed")
    return tag("small", f"✓ minimum {percent(minimum)}", class_="demand muted")


def interval_picture(score: Score) -> Html:
    """A line from 0 to 100 % with the interval as a band and the value as a tick."""
    low, high, value = (100 * share for share in (score.low, score.high, score.value))
    return tag(
        "svg",
        tag("rect", x="0", y="7", width="100%", height="2", rx="1", class_="track"),
        tag(
            "rect",
            x=f"{low:.2f}%",
            y="4",
            width=f"{max(high - low, 0.5):.2f}%",
            height="8",
            rx="2",
            class_="band",
        ),
        tag("rect", x=f"{min(value, 99.2):.2f}%", y="1", width="3", height="14", rx="1", class_="tick"),
        class_="interval",
        width="100%",
        height="16",
        role="img",
        aria_label=f"{percent(score.value)}, interval {percent(score.low)} to {percent(score.high)}",
    )


def _totals(totals: Totals) -> Html:
    bars: list[Content] = []
    rows: list[Content] = []
    done = 0.0
    for status in STATUSES:
        count = getattr(totals, status)
        width = 100 * count / totals.trials if totals.trials else 0
        if count:
            bars.append(
                tag(
                    "rect",
                    x=f"{done:.3f}%",
                    y="0",
                    width=f"{width:.3f}%",
                    height="100%",
                    class_=f"fill-{status}",
                )
            )
        done += width
        rows.append(
            tag(
                "li",
                tag(
                    "a",
                    status_sign(status),
                    tag("strong", f"{count:,}"),
                    f" {status}",
                    href=view(status=status),
                    class_=None if count else "none",
                ),
            )
        )
    picture = tag("svg", *bars, class_="stack", width="100%", height="8", aria_hidden="true")
    total = tag("p", tag("strong", f"{totals.trials:,}"), " trials", class_="total")
    return tag("div", total, picture, tag("ul", *rows, class_="statuses"), class_="totals")


def facts(rows: list[tuple[str, Content]]) -> Html:
    """Names and values; rows without a value are left out."""
    shown = [join((tag("dt", name), tag("dd", value))) for name, value in rows if value not in ("", None)]
    return tag("dl", *shown, class_="facts")
