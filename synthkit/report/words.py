"""What figures mean, in words for people who do not measure synthetic data every day."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synthkit.gates import Verdict, evaluator_of


@dataclass(frozen=True, slots=True)
class Words:
    """How one measure is spoken of.

    Attributes:
        title: its name for people.
        meaning: what it says, in a sentence.
        failed: what it means when its gate fails.
    """

    title: str
    meaning: str
    failed: str


TOPICS = {
    "integrity": "Keys and rules",
    "keys": "Keys and rules",
    "fidelity": "How like the real data",
    "sdmetrics": "SDMetrics' report",
    "detection": "Telling synthetic from real",
    "utility": "Use for models",
    "privacy": "Privacy",
}

WORDS = {
    "integrity.violations": Words(
        "Broken keys and rules",
        "How many keys point at no row, repeat, or break a rule of the schema.",
        "Some rows do not fit together: tables would not join as the real ones do.",
    ),
    "keys.reused": Words(
        "Real keys that came back",
        "How many primary keys of synthetic rows are keys of real rows.",
        "A synthetic row could be taken for that of a real person with the same key.",
    ),
    "fidelity.shapes": Words(
        "Single columns",
        "How much the distribution of each column on its own overlaps with the real one.",
        "Columns look different on their own: averages, spreads and shares are not those of the real data.",
    ),
    "fidelity.nulls": Words(
        "Empty cells",
        "How close the share of empty cells is in each column.",
        "Cells are empty more or less often than in the real data.",
    ),
    "fidelity.null_patterns": Words(
        "Cells empty together",
        "Whether the same columns are empty in the same rows.",
        "Columns that are empty together in the real data are not.",
    ),
    "fidelity.coverage": Words(
        "Categories that occur",
        "Which share of the real categories occurs at all.",
        "Whole categories are missing.",
    ),
    "fidelity.pairs": Words(
        "Pairs of columns",
        "How alike two columns of a table go together.",
        "Columns of a table do not go together as they do in the real data.",
    ),
    "fidelity.triples": Words(
        "Three columns together",
        "How alike three columns of a table go together.",
        "Three columns of a table do not go together as they do in the real data.",
    ),
    "fidelity.cardinality": Words(
        "Rows per parent",
        "Whether parents have as many rows as in the real data, such as transactions per customer.",
        "Parents have too many or too few rows.",
    ),
    "fidelity.intertable": Words(
        "Pairs across tables",
        "How alike a column and a column of the parent go together.",
        "Linked tables do not fit: what a parent is like says too little about its rows.",
    ),
    "fidelity.hop2": Words(
        "Pairs across three tables",
        "How alike a column and a column of the grandparent go together.",
        "Tables that are linked over another one do not fit.",
    ),
    "fidelity.order": Words(
        "Order in time",
        "Whether rows of one subject follow each other as in the real data.",
        "The rhythm and the course of events are not those of the real data.",
    ),
    "fidelity.dependence.intra": Words(
        "Dependence kept within tables",
        "Which part of the dependence between columns of a table was kept: 0 is none, as if columns were shuffled.",
        "Columns hardly depend on each other any more: analyses of more than one column will be wrong.",
    ),
    "fidelity.dependence.hop1": Words(
        "Dependence kept between tables",
        "Which part of the dependence between a row and its parent was kept: 0 is none, as if keys were shuffled.",
        "Linked tables hardly fit: a parent and its rows might as well have been joined by chance.",
    ),
    "fidelity.dependence.least": Words(
        "Dependence kept where least was",
        "The same for the one table or key that kept the smallest part of its dependence.",
        "In one table, or between one pair of tables, hardly any dependence is left.",
    ),
    "detection.rows": Words(
        "Rows told apart",
        "How well trees tell a synthetic row from a real one: 0.5 is guessing, 1 is always.",
        "Synthetic rows are easily told from real ones.",
    ),
    "detection.aggregates": Words(
        "Subjects told apart",
        "How well trees tell a synthetic subject, with all its rows, from a real one: 0.5 is guessing, 1 is always.",
        "Synthetic subjects are easily told from real ones.",
    ),
    "utility.ratio": Words(
        "Models trained on it",
        "How good models trained on synthetic rows are on real ones, as part of those trained on real rows.",
        "Models trained on these data are much worse than models trained on real data.",
    ),
    "privacy.copies.rows": Words(
        "Copied rows",
        "Unique real rows that came out again, beyond those that chance explains.",
        "Real rows came out: what one person did or is can be read.",
    ),
    "privacy.copies.sequences": Words(
        "Copied histories",
        "Subjects whose whole history in a table came out again, beyond those that chance explains.",
        "Whole histories of real people came out.",
    ),
    "privacy.membership": Words(
        "Who was learned from",
        "How well an attacker tells who was learned from, by the best of several attacks: 0.5 is guessing.",
        "It can be found out who was among the real data: the model learned single people by heart.",
    ),
    "privacy.distance.sparse": Words(
        "Nearness to the loneliest",
        "Nearness, as above, of the tenth of synthetic subjects that lie loneliest; 0.5 is none.",
        "Unusual people shine through: their synthetic neighbours lie nearer to them than to anyone else.",
    ),
    "privacy.distance": Words(
        "Nearness",
        "Which share of synthetic subjects is nearer to one learned from than to one held out; 0.5 is none.",
        "Synthetic subjects lie nearer to the people learned from than to others.",
    ),
    "privacy.inference": Words(
        "Guessing unknown columns",
        "How much better an attacker guesses an unknown column of somebody who was learned from than of another.",
        "What is unknown of a person who was learned from can be guessed from these data.",
    ),
    "privacy.linkability": Words(
        "Linking two halves",
        "How much more often two halves of a person's data lead to the same synthetic subject, if learned from.",
        "Data from two sources about one person can be linked through these data.",
    ),
    "privacy.singling_out": Words(
        "Singling out",
        "How much more often a description of a synthetic subject fits one real person alone, if learned from.",
        "Descriptions taken from these data fit single real people.",
    ),
}


def words(metric: str) -> Words:
    """What a measure means; one that synthkit does not know is called by its own name.

    Example:
        >>> words("fidelity.shapes").title, words("means.closeness").title
        ('Single columns', 'means.closeness')
    """
    name = metric
    while name and name not in WORDS:
        name = name.rpartition(".")[0]
    if name:
        part = metric.removeprefix(name).lstrip(".")
        return replace(WORDS[name], title=f"{WORDS[name].title} ({part})") if part else WORDS[name]
    own = f"A figure of the evaluator {evaluator_of(metric)}; its documentation says what it means."
    return Words(metric, own, f"The limit set for {metric} is not met.")


def topic(metric: str) -> str:
    """The heading under which a measure is shown."""
    return TOPICS.get(evaluator_of(metric), f"Evaluator {evaluator_of(metric)}")


def figure(value: float | None) -> str:
    """Three decimals, or a count."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value.is_integer() or abs(value) >= 100 else f"{value:.3f}"


def limit(verdict: Verdict) -> str:
    """What the gate asks for."""
    parts = [f"≥ {verdict.min:g}"] if verdict.min is not None else []
    parts += [f"≤ {verdict.max:g}"] if verdict.max is not None else []
    parts += [f"≥ {verdict.min_of_ceiling:g} of ceiling"] if verdict.min_of_ceiling is not None else []
    return " ".join([*parts, *([f"({verdict.confidence:.0%} sure)"] if verdict.confidence else [])])


def margin(verdict: Verdict) -> str:
    """By how much the nearest limit is met or missed, such as ``+0.13`` or ``−0.07``; empty where there is none.

    Where a gate passes although its limit is missed, because chance may explain that, it says so; as well where one
    fails although its limit is met, because chance may explain that.
    """
    value = verdict.value
    if value is None:
        return ""
    rooms = [value - verdict.min] if verdict.min is not None else []
    rooms += [verdict.max - value] if verdict.max is not None else []
    if verdict.min_of_ceiling is not None and verdict.matched is not None and verdict.ceiling is not None:
        rooms.append(verdict.matched - verdict.min_of_ceiling * verdict.ceiling)
    if not rooms:  # its only limit is a part of a ceiling that could not be had
        return ""
    nearest = min(rooms)
    if nearest < 0 and verdict.status == "passed":
        return "within chance"
    if nearest >= 0 and verdict.status == "failed":
        return "too unsure"
    return f"{'−' if nearest < 0 else '+'}{figure(abs(nearest))}"


def headline(verdict: str, gates: tuple[Verdict, ...]) -> str:
    """The verdict in one sentence."""
    failing = [gate for gate in gates if gate.fails]
    judged = [gate for gate in gates if gate.status != "not applicable"]
    if verdict == "not judged":
        return "Nothing was judged: these tables may be good or bad, safe or not."
    if failing:
        what = f"{len(failing)} of {len(judged)} gates {'does' if len(failing) == 1 else 'do'} not hold"
        return f"Not good enough to be handed on: {what}."
    warned = sum(gate.warns for gate in gates)
    more = f", {warned} of them with a warning" if warned else ""
    return f"All {len(judged)} gates hold{more}."
