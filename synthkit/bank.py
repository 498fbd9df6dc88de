"""The bundled example: an invented bank with customers, their transactions and campaign events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from faker.providers.person.en_US import Provider as Names

from synthkit.errors import UsageError

_Array = npt.NDArray[Any]


def bank(customers: int = 2000, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Invent the tables ``customers``, ``transactions`` and ``campaign_events`` of a bank.

    There are about 5 transactions and 2.5 campaign events per customer; some customers have none. All
    columns have the canonical dtypes of ``Dataset``. Every date is a day at midnight: customers join from
    2019 to September 2024, transactions and events are those of 2023 and 2024. Money is in dollars with two
    decimals; ``credit_score`` is within 300..850, null for some 3 % (more among the young);
    ``account_balance`` is exactly 0 for some 8 %; ``revenue`` is null unless ``converted``, else positive.

    What a model can learn: occupation depends on age, income on occupation, age and region, credit score on
    income and age, segment and balance on income, churn on activity and balance; segment, activity and churn
    decide how many rows a customer has. Each customer has habits: a level of amounts, favourite categories
    and channels, a time between transactions, a will to open messages. Nobody joins under the age of 18, no
    row is dated before its customer joined, and only opened messages convert. Customers are in no order;
    the rows of the other tables are ordered by customer, then by date.

    The same arguments give the same tables; names and e-mails also depend on the version of Faker. E-mails
    are unique and in the reserved domains example.com, .net and .org (RFC 2606), phone numbers are in the
    range 555-0100..0199 reserved for fiction. An id is a letter and six digits, more where a table has over
    20,000 rows. Two seeds that differ modulo 45 share no id, whatever the sizes.

    Raises:
        UsageError: fewer than one customer, or a negative seed.

    Example:
        >>> bank(customers=100)["customers"]["customer_id"].iloc[0]
        'C100000'
        >>> bank(customers=100, seed=1)["customers"]["customer_id"].iloc[0]
        'C120000'
    """
    if customers < 1 or seed < 0:
        raise UsageError("the example needs at least 1 customer and a seed of at least 0", "choose other numbers")
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)]
    people = _people(customers, streams[0])
    people = people.assign(customer_id=_ids("C", customers, seed), **_contacts(people["gender"], streams[1]))
    transactions = _transactions(people, streams[2])
    events = _campaign_events(people, streams[3])
    tables = {
        "customers": people,
        "transactions": transactions.assign(transaction_id=_ids("T", len(transactions), seed)),
        "campaign_events": events.assign(event_id=_ids("E", len(events), seed)),
    }
    return {name: tables[name][columns] for name, columns in _COLUMNS.items()}


_COLUMNS = {
    "customers": [
        *("customer_id", "full_name", "email", "phone", "birth_date", "gender", "region", "occupation"),
        *("segment", "income", "credit_score", "account_balance", "join_date", "churned"),
    ],
    "transactions": ["transaction_id", "customer_id", "transaction_date", "category", "channel", "amount"],
    "campaign_events": [
        *("event_id", "customer_id", "campaign", "channel", "event_date", "opened", "converted", "revenue"),
    ],
}


def _day(date: str) -> int:
    return int(np.datetime64(date, "D").astype("int64"))


_FIRST_JOIN, _LAST_JOIN = _day("2019-01-01"), _day("2024-09-30")
_OPENING, _CLOSING = _day("2023-01-01"), _day("2024-12-31")  # what the records cover
_CAMPAIGN_DAYS = 90
_MOST_TRANSACTIONS = 90  # of one customer: one in 8 days, which the shortest rhythms do not reach
_OPTED_OUT = 0.12  # of the customers, from all campaigns
_SEED_BLOCKS = 45
_SEGMENTS = np.array(["basic", "standard", "premium", "private"])


@dataclass(frozen=True)
class _Choice:
    """A multinomial logit model (McFadden, 1974).

    Attributes:
        alternatives: for each name its utility, then what one unit of each cause adds to that, then
            what follows from the alternative.
    """

    alternatives: dict[str, tuple[float, ...]]

    @property
    def names(self) -> _Array:
        return np.array(list(self.alternatives))

    @property
    def table(self) -> _Array:
        return np.array(list(self.alternatives.values()))

    def utilities(self, count: int, *causes: Any) -> _Array:
        """One row per case, one column per alternative."""
        design = np.column_stack([np.ones(count), *causes])
        return np.asarray(design @ self.table[:, : design.shape[1]].T)


_GENDER = _Choice({"female": (0.0,), "male": (0.0,), "other": (-3.4,)})
_REGION = _Choice(
    {  # utility; effect on log income, share of the bank's years that had passed when it came to the region
        "Northeast": (0.3, 0.12, 0.0),
        "Midwest": (0.2, -0.04, 0.0),
        "South": (0.5, -0.10, 0.1),
        "West": (0.1, 0.10, 0.3),
        "Mountain": (-0.8, -0.02, 0.5),
    }
)
_OCCUPATION = _Choice(
    {  # utility, decades of age over 45, ability, female; log income
        "student": (-3.4, -2.0, 0.2, 0.1, 9.7),
        "service": (0.2, -0.1, -0.5, 0.3, 10.35),
        "clerical": (0.1, 0.0, -0.1, 0.5, 10.55),
        "trades": (0.0, -0.1, -0.3, -1.2, 10.65),
        "professional": (0.4, 0.0, 0.9, 0.0, 11.1),
        "manager": (-0.6, 0.3, 0.9, -0.3, 11.35),
        "self-employed": (-0.9, 0.2, 0.1, -0.2, 10.8),
        "unemployed": (-1.9, -0.1, -0.7, 0.0, 9.6),
        "retired": (-3.3, 2.1, 0.0, 0.0, 10.35),
    }
)
_CATEGORY = _Choice(
    {  # utility, decades of age over 45, wage; effect on log amount, on the utility of each channel as listed below
        "groceries": (0.9, 0.1, -0.3, -0.1, 1.0, -1.5, 0.0, -1.0),
        "dining": (0.4, -0.3, 0.1, -0.3, 1.0, -1.0, 0.5, -2.0),
        "fuel": (0.1, 0.0, -0.1, -0.2, 1.5, -3.0, 0.0, -2.0),
        "utilities": (0.2, 0.2, -0.1, 0.2, -1.5, 1.0, 0.0, 1.5),
        "health": (-0.5, 0.4, 0.0, 0.1, 0.5, 0.0, 0.0, 0.5),
        "entertainment": (-0.1, -0.4, 0.0, -0.4, 0.0, 0.5, 0.8, -2.0),
        "electronics": (-0.7, -0.2, 0.2, 0.8, 0.0, 1.5, 0.0, -1.0),
        "travel": (-0.9, 0.1, 0.7, 1.2, -0.3, 1.5, 0.0, 0.3),
    }
)
_CHANNEL = _Choice(
    {"card": (0.8, 0.0), "online": (0.3, -0.3), "mobile": (0.0, -0.7), "branch": (-0.8, 0.6)}  # utility, decades
)
_CAMPAIGN = _Choice(
    {  # log odds of being chosen, rank of the segment, decades, churned; log revenue, days from opening to start
        "savings": (0.35, 0.0, 0.2, -1.5, 4.0, 30),
        "card": (0.5, -0.3, -0.3, -1.5, 3.8, 120),
        "travel": (-0.6, 0.8, 0.1, -1.5, 4.5, 210),
        "app": (0.4, -0.1, -0.6, -1.5, 3.3, 300),
        "loan": (0.1, -0.2, -0.3, -1.5, 4.9, 390),
        "invest": (-1.1, 1.1, 0.3, -1.5, 5.1, 480),
        "referral": (0.2, 0.2, 0.0, -1.5, 3.6, 540),
        "retention": (-2.5, 0.2, 0.0, 3.5, 4.0, 610),
    }
)
_CONTACT = _Choice(
    {  # utility, decades of age over 45; log odds of being opened
        "email": (0.6, 0.1, -0.2),
        "sms": (0.0, -0.2, 0.4),
        "push": (-0.1, -0.7, 0.1),
        "mail": (-0.9, 0.7, -0.6),
    }
)


def _pick(random: np.random.Generator, utilities: _Array) -> _Array:
    """The number of the alternative that each row chooses."""
    return np.asarray((utilities + random.gumbel(size=utilities.shape)).argmax(axis=1))


def _happens(random: np.random.Generator, log_odds: Any) -> _Array:
    return np.asarray(random.logistic(size=log_odds.shape) < log_odds)


def _dates(days: Any) -> _Array:
    return np.asarray(days).astype("datetime64[D]").astype("datetime64[us]")


def _ids(letter: str, count: int, seed: int) -> _Array:
    digits = 6
    while count > 2 * 10 ** (digits - 2):  # 45 blocks of that size fill the numbers of so many digits
        digits += 1
    first = 10 ** (digits - 1) + seed % _SEED_BLOCKS * 2 * 10 ** (digits - 2)
    return np.char.add(letter, np.arange(first, first + count).astype(str))


def _people(count: int, random: np.random.Generator) -> pd.DataFrame:
    """One row per customer: columns of the table, and what stands behind them."""
    people = _born(count, random)
    for step in (_work, _wealth, _loyalty):
        people = people.assign(**step(people, random))
    return people


def _born(count: int, random: np.random.Generator) -> pd.DataFrame:
    region = _pick(random, _REGION.utilities(count))
    gender = _pick(random, _GENDER.utilities(count))
    area_wage, opened = _REGION.table[region, 1:].T
    age = 18.1 + 62 * random.beta(1.4, 2.3, count)
    waited = (1 - opened) * random.beta(1.0, 1.2, count)  # beta: the bank grows
    join_day = _LAST_JOIN - ((_LAST_JOIN - _FIRST_JOIN) * waited).astype("int64")
    birth_day = join_day - (365.25 * age).astype("int64")
    return pd.DataFrame(
        {
            "region": _REGION.names[region],
            "gender": _GENDER.names[gender],
            "join_day": join_day,
            "join_date": _dates(join_day),
            "birth_date": _dates(birth_day),
            "decades": (_CLOSING - birth_day) / 3652.5 - 4.5,
            "area_wage": area_wage,
            "ability": random.standard_normal(count),
            "thrift": random.standard_normal(count),
            "activity": random.standard_normal(count),
        }
    )


def _work(people: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    count, decades, ability = len(people), people["decades"], people["ability"]
    female = people["gender"] == "female"
    occupation = _pick(random, _OCCUPATION.utilities(count, decades, ability, female))
    log_income = _OCCUPATION.table[occupation, -1] + people["area_wage"] + 0.15 * ability
    log_income += 0.24 * random.standard_normal(count) - 0.03 * decades**2 - 0.06 * female
    return {
        "occupation": _OCCUPATION.names[occupation],
        "income": np.exp(log_income).round(2),
        "wage": (log_income - 10.6) / 0.5,  # about standard normal
    }


def _wealth(people: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    count, wage, decades, thrift = len(people), people["wage"], people["decades"], people["thrift"]
    chance = random.standard_normal((3, count))
    savings = 0.6 * wage + 0.3 * decades + 0.6 * thrift + 0.4 * chance[0]
    rank = np.searchsorted([0.1, 1.2, 2.2], 0.8 * wage + 0.6 * savings + 0.4 * chance[1])
    empty = _happens(random, -2.65 - 0.8 * savings)
    balance = np.exp(7.6 + 0.9 * savings + 0.4 * rank).round(2)
    credit = (665 + 32 * wage + 12 * decades + 30 * thrift + 30 * chance[2]).clip(300, 850).round()
    return {
        "savings": savings,
        "rank": rank,
        "segment": _SEGMENTS[rank],
        "account_balance": balance.mask(empty, 0.0),
        "credit_score": credit.mask(_happens(random, -3.75 - 0.6 * decades)).astype("Int64"),
    }


def _loyalty(people: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    empty = people["account_balance"] == 0
    churned = _happens(random, -1.6 - 0.9 * people["activity"] - 0.4 * people["savings"] + 1.5 * empty)
    earliest = np.maximum(people["join_day"].to_numpy(), _OPENING - 180)
    left = _CLOSING - ((_CLOSING - earliest) * random.random(len(people))).astype("int64")
    return {"churned": churned, "last_day": np.where(churned, left, _CLOSING)}


def _contacts(gender: pd.Series[str], random: np.random.Generator) -> dict[str, Any]:
    count = len(gender)
    female = np.where(gender == "other", random.random(count) < 0.5, gender == "female")
    women, men = (_listed(names, count, random) for names in (Names.first_names_female, Names.first_names_male))
    first = pd.Series(np.where(female, women, men), dtype=str)
    last = pd.Series(_listed(Names.last_names, count, random), dtype=str)
    area, line = random.integers(201, 990, count), random.integers(100, 200, count)
    return {
        "full_name": first + " " + last,
        "email": _emails(first + "." + last, random),
        "phone": np.char.add(np.char.add(area.astype(str), "-555-0"), line.astype(str)),
    }


def _listed(weights: dict[str, float], count: int, random: np.random.Generator) -> _Array:
    shares = np.array(list(weights.values()))
    return random.choice(np.array(list(weights)), count, p=shares / shares.sum())


def _emails(names: pd.Series[str], random: np.random.Generator) -> pd.Series[str]:
    plain = names.str.lower().str.replace("[^a-z.]", "", regex=True)
    earlier = plain.groupby(plain).cumcount()
    number = (earlier + 1).astype(str).where(earlier > 0, "")
    domains = random.choice(["@example.com", "@example.net", "@example.org"], len(names))
    return plain + number + pd.Series(domains, dtype=str)


def _transactions(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    count, decades, wage = len(people), people["decades"], people["wage"]
    taste = _CATEGORY.utilities(count, decades, wage) + 1.6 * random.standard_normal((count, 8))
    way = _CHANNEL.utilities(count, decades) + 1.4 * random.standard_normal((count, 4))
    level = 3.9 + 0.35 * wage + 0.15 * people["rank"] + 0.5 * random.standard_normal(count)
    owner, days = _rhythm(people, random)
    category = _pick(random, taste[owner])
    suits = _CATEGORY.table[category, 3:]
    log_amount = level.to_numpy()[owner] + suits[:, 0] + 0.5 * random.standard_normal(len(owner))
    return pd.DataFrame(
        {
            "customer_id": people["customer_id"].iloc[owner].reset_index(drop=True),
            "transaction_date": _dates(days),
            "category": _CATEGORY.names[category],
            "channel": _CHANNEL.names[_pick(random, way[owner] + suits[:, 1:])],
            "amount": np.exp(log_amount).round(2),
        }
    )


def _rhythm(people: pd.DataFrame, random: np.random.Generator) -> tuple[_Array, _Array]:
    """Customer and day of each transaction: a renewal process from joining, or from the first day of the records."""
    count = len(people)
    log_gap = 5.0 - 0.35 * people["activity"] - 0.2 * people["rank"] + 0.45 * random.standard_normal(count)
    gap = np.exp(log_gap.to_numpy())[:, None]
    waits = random.gamma(4.0, gap / 4.0, (count, _MOST_TRANSACTIONS))
    waits[:, 0] *= random.random(count)  # the records open somewhere between two transactions
    first = np.maximum(people["join_day"].to_numpy(), _OPENING)
    days = first[:, None] + waits.cumsum(axis=1).astype("int64")
    owner, place = np.nonzero(days <= people["last_day"].to_numpy()[:, None])
    return owner, days[owner, place]


def _campaign_events(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    count, decades = len(people), people["decades"]
    people = people.assign(will=random.standard_normal(count))
    way = _CONTACT.utilities(count, decades) + 1.3 * random.standard_normal((count, 4))
    owner, campaign, days = _contacted(people, random)
    own = people.iloc[owner].reset_index(drop=True)
    channel = _pick(random, way[owner])
    warm = 0.8 * own["will"] + 0.2 * own["rank"] - 1.0 * own["churned"]
    opened = _happens(random, warm + _CONTACT.table[channel, -1])
    converted = opened & _happens(random, 0.8 * warm - 1.4)
    log_revenue = _CAMPAIGN.table[campaign, -2] + 0.4 * own["wage"] + 0.4 * random.standard_normal(len(own))
    return pd.DataFrame(
        {
            "customer_id": own["customer_id"],
            "campaign": _CAMPAIGN.names[campaign],
            "channel": _CONTACT.names[channel],
            "event_date": _dates(days),
            "opened": opened,
            "converted": converted,
            "revenue": np.where(converted, np.exp(log_revenue).round(2), np.nan),
        }
    )


def _contacted(people: pd.DataFrame, random: np.random.Generator) -> tuple[_Array, _Array, _Array]:
    """Customer, campaign and day of each event, in order of customer and day."""
    count = len(people)
    log_odds = _CAMPAIGN.utilities(count, people["rank"], people["decades"], people["churned"])
    starts = _OPENING + _CAMPAIGN.table[:, -1].astype("int64")
    days = starts + random.integers(0, _CAMPAIGN_DAYS, log_odds.shape)
    allowed = random.random((count, 1)) > _OPTED_OUT
    joined = days >= people["join_day"].to_numpy()[:, None]
    owner, campaign = np.nonzero(allowed & joined & _happens(random, log_odds))
    order = np.lexsort((days[owner, campaign], owner))
    owner, campaign = owner[order], campaign[order]
    return owner, campaign, days[owner, campaign]
