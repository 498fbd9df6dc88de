"""The bundled example: an invented bank with customers, their transactions and campaign events."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from faker.providers.person.en_US import Provider as Names

from synthkit.errors import UsageError

_Array = npt.NDArray[Any]
_Effects = dict[str, tuple[float, ...]]

FIRST_JOIN, LAST_JOIN = np.datetime64("2019-01-01"), np.datetime64("2024-09-30")
OPENING, CLOSING = np.datetime64("2023-01-01"), np.datetime64("2024-12-31")  # what the records cover
_SEED_BLOCKS = 45

_TABLES = {
    "customers": (
        *("customer_id", "full_name", "email", "phone", "birth_date", "gender", "region", "occupation"),
        *("segment", "income", "credit_score", "account_balance", "join_date", "churned"),
    ),
    "transactions": ("transaction_id", "customer_id", "transaction_date", "category", "channel", "amount"),
    "campaign_events": (
        *("event_id", "customer_id", "campaign", "channel", "event_date", "opened", "converted", "revenue"),
    ),
}

# Each line: the utility of an alternative (natural log odds), then what one unit of each cause adds to it.
_GENDER: _Effects = {"female": (0.0,), "male": (-0.03,), "other": (-3.4,)}
_REGION: _Effects = {"Northeast": (0.3,), "Midwest": (0.2,), "South": (0.5,), "West": (0.1,), "Mountain": (-0.8,)}
_REGION_INCOME = {"Northeast": 0.12, "Midwest": -0.04, "South": -0.10, "West": 0.10, "Mountain": -0.02}
_REGION_OPENED = {
    "Northeast": 0.0,
    "Midwest": 0.0,
    "South": 0.1,
    "West": 0.3,
    "Mountain": 0.5,
}  # of the years of joining
_OCCUPATION: _Effects = {  # decades of age over 45, ability, female
    "student": (-3.4, -2.0, 0.2, 0.1),
    "service": (0.2, -0.1, -0.5, 0.3),
    "clerical": (0.1, 0.0, -0.1, 0.5),
    "trades": (0.0, -0.1, -0.3, -1.2),
    "professional": (0.4, 0.0, 0.9, 0.0),
    "manager": (-0.6, 0.3, 0.9, -0.3),
    "self-employed": (-0.9, 0.2, 0.1, -0.2),
    "unemployed": (-1.9, -0.1, -0.7, 0.0),
    "retired": (-3.8, 2.1, 0.0, 0.0),
}
_OCCUPATION_INCOME = {  # natural log of the typical yearly income
    "student": 9.7,
    "service": 10.35,
    "clerical": 10.55,
    "trades": 10.65,
    "professional": 11.1,
    "manager": 11.35,
    "self-employed": 10.8,
    "unemployed": 9.6,
    "retired": 10.35,
}
_SEGMENTS = np.array(["basic", "standard", "premium", "private"])
_CATEGORY: _Effects = {  # decades of age over 45, income
    "groceries": (0.9, 0.1, -0.3),
    "dining": (0.4, -0.3, 0.1),
    "fuel": (0.1, 0.0, -0.1),
    "utilities": (0.2, 0.2, -0.1),
    "health": (-0.5, 0.4, 0.0),
    "entertainment": (-0.1, -0.4, 0.0),
    "electronics": (-0.7, -0.2, 0.2),
    "travel": (-0.9, 0.1, 0.7),
}
_CATEGORY_AMOUNT = {  # natural log, relative to the customer's own level
    "groceries": -0.1,
    "dining": -0.3,
    "fuel": -0.2,
    "utilities": 0.2,
    "health": 0.1,
    "entertainment": -0.4,
    "electronics": 0.8,
    "travel": 1.2,
}
_CHANNEL: _Effects = {"card": (0.8, 0.0), "online": (0.3, -0.3), "mobile": (0.0, -0.7), "branch": (-0.8, 0.6)}
_CHANNEL_OF_CATEGORY = {  # what the category adds to card, online, mobile, branch
    "groceries": (1.0, -1.5, 0.0, -1.0),
    "dining": (1.0, -1.0, 0.5, -2.0),
    "fuel": (1.5, -3.0, 0.0, -2.0),
    "utilities": (-1.5, 1.0, 0.0, 1.5),
    "health": (0.5, 0.0, 0.0, 0.5),
    "entertainment": (0.0, 0.5, 0.8, -2.0),
    "electronics": (0.0, 1.5, 0.0, -1.0),
    "travel": (-0.3, 1.5, 0.0, 0.3),
}
_CAMPAIGN_STARTS = {  # first day
    "savings": "2023-02-01",
    "card": "2023-05-01",
    "travel": "2023-08-01",
    "app": "2023-11-01",
    "loan": "2024-02-01",
    "invest": "2024-05-01",
    "referral": "2024-07-01",
    "win_back": "2024-09-01",
}
_CAMPAIGN_LASTS = 90  # days
_CAMPAIGN_TARGET: _Effects = {  # rank of the segment 0..3, decades of age over 45, churned
    "savings": (0.0, 0.0, 0.2, -1.5),
    "card": (0.1, -0.3, -0.3, -1.5),
    "travel": (-1.0, 0.8, 0.1, -1.5),
    "app": (0.0, -0.1, -0.6, -1.5),
    "loan": (-0.4, -0.2, -0.3, -1.5),
    "invest": (-1.6, 1.1, 0.3, -1.5),
    "referral": (-0.3, 0.2, 0.0, -1.5),
    "win_back": (-2.5, 0.2, 0.0, 3.5),
}
_CAMPAIGN_REVENUE = {  # natural log of the typical revenue
    "savings": 4.2,
    "card": 3.8,
    "travel": 5.0,
    "app": 3.0,
    "loan": 5.6,
    "invest": 5.9,
    "referral": 3.5,
    "win_back": 4.0,
}
_CONTACT: _Effects = {"email": (0.6, 0.1), "sms": (0.0, -0.2), "push": (-0.1, -0.7), "mail": (-0.9, 0.7)}
_CONTACT_OPENED = {"email": -0.2, "sms": 0.4, "push": 0.1, "mail": -0.6}


def bank(customers: int = 2000, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Invent the tables ``customers``, ``transactions`` and ``campaign_events`` of a bank.

    There are about 5 transactions and 2.5 campaign events per customer, some customers have none. All
    columns have the canonical dtypes of ``Dataset``; every date is a day (midnight), money is in dollars
    with two decimals, ``credit_score`` is within 300..850 with some 3 % nulls (more among the young),
    ``account_balance`` is exactly 0 for some 8 %, and ``revenue`` is null unless ``converted``.

    What a model can learn: occupation depends on age, income on occupation, age and region, credit score
    on income and age, balance and segment on income, churn on activity and balance; the segment, the rhythm
    and churn decide how many rows a customer has. Each customer has habits: an own level of amounts,
    favourite categories and channels, an own time between transactions, an own will to open messages.
    Nobody joins under age 18, no row is dated before its customer joined, and only opened messages convert.
    Customers are in no order; the rows of the other tables are ordered by customer and then by date.

    The same arguments give the same tables (names and e-mails depend on the version of Faker). Names are
    Faker's, e-mails are unique and in the reserved domains example.com, .net and .org (RFC 2606), phone
    numbers in the range 555-0100..0199 reserved for fiction. Ids are a letter and six digits, more where
    20,000 rows are not enough; two seeds that differ modulo 45 share no id, whatever the sizes.

    Raises:
        UsageError: fewer than one customer, or a negative seed.

    Example:
        >>> tables = bank(customers=100)
        >>> tables["customers"]["customer_id"].iloc[0]
        'C100000'
        >>> set(bank(seed=1)["customers"]["customer_id"]) & set(tables["customers"]["customer_id"])
        set()
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
    return {name: tables[name][list(columns)] for name, columns in _TABLES.items()}


def _ids(letter: str, count: int, seed: int) -> _Array:
    digits = 6
    while count > 2 * 10 ** (digits - 2):  # 45 blocks of this size fill the numbers with so many digits
        digits += 1
    first = 10 ** (digits - 1) + seed % _SEED_BLOCKS * 2 * 10 ** (digits - 2)
    return np.char.add(letter, np.arange(first, first + count).astype(str))


def _utilities(effects: _Effects, count: int, *causes: Any) -> _Array:
    """One row per case, one column per alternative."""
    design = np.column_stack([np.ones(count), *causes])
    return np.asarray(design @ np.array(list(effects.values())).T)


def _pick(random: np.random.Generator, utilities: _Array) -> _Array:
    """Draw an alternative for each row from the multinomial logit model (McFadden, 1974)."""
    return np.asarray((utilities + random.gumbel(size=utilities.shape)).argmax(axis=1))


def _happens(random: np.random.Generator, log_odds: Any) -> _Array:
    return np.asarray(random.logistic(size=len(log_odds)) < log_odds)


def _named(alternatives: Any, picked: _Array) -> _Array:
    return np.array(list(alternatives))[picked]


def _of(values: dict[str, float], names: Any) -> _Array:
    return pd.Series(names).map(values).to_numpy(dtype="float64")


def _dates(days: Any) -> _Array:
    return np.asarray(days).astype("datetime64[D]").astype("datetime64[us]")


def _people(count: int, random: np.random.Generator) -> pd.DataFrame:
    """One row per customer: the columns of the table, and what stands behind them."""
    people = _born(count, random)
    for step in (_work, _wealth, _loyalty):
        people = people.assign(**step(people, random))
    return people


def _born(count: int, random: np.random.Generator) -> pd.DataFrame:
    region = _named(_REGION, _pick(random, _utilities(_REGION, count)))
    years = (LAST_JOIN - FIRST_JOIN).astype(int) / 365.25
    joined = years * (1 - (1 - _of(_REGION_OPENED, region)) * random.beta(1.0, 1.2, count))  # the bank grows
    age = 18.1 + 62 * random.beta(1.4, 2.3, count)
    join_day = FIRST_JOIN.astype("int64") + (365.25 * joined).astype("int64")
    birth_day = join_day - (365.25 * age).astype("int64")
    return pd.DataFrame(
        {
            "region": region,
            "gender": _named(_GENDER, _pick(random, _utilities(_GENDER, count))),
            "join_day": join_day,
            "join_date": _dates(join_day),
            "birth_date": _dates(birth_day),
            "decades": (CLOSING.astype("int64") - birth_day) / 3652.5 - 4.5,  # of age over 45, at the end
            "ability": random.standard_normal(count),
            "thrift": random.standard_normal(count),
            "engagement": random.standard_normal(count),
        }
    )


def _work(people: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    count, female = len(people), people["gender"] == "female"
    utilities = _utilities(_OCCUPATION, count, people["decades"], people["ability"], female)
    occupation = _named(_OCCUPATION, _pick(random, utilities))
    log_income = (
        _of(_OCCUPATION_INCOME, occupation)
        + _of(_REGION_INCOME, people["region"])
        + 0.15 * people["ability"]
        - 0.03 * people["decades"] ** 2
        - 0.06 * female
        + np.where(occupation == "self-employed", 0.45, 0.22) * random.standard_normal(count)
    )
    return {"occupation": occupation, "income": np.exp(log_income).round(2), "wage": (log_income - 10.6) / 0.5}


def _wealth(people: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    count, wage, decades, thrift = len(people), people["wage"], people["decades"], people["thrift"]
    noise = random.standard_normal((3, count))
    savings = 0.6 * wage + 0.3 * decades + 0.6 * thrift + 0.4 * noise[0]
    rank = np.searchsorted([0.1, 1.2, 2.2], 0.8 * wage + 0.6 * savings + 0.4 * noise[1])
    empty = _happens(random, -2.6 - 0.8 * savings)
    balance = np.where(empty, 0.0, np.exp(7.8 + 0.7 * savings + 0.35 * rank)).round(2)
    credit = (665 + 32 * wage + 12 * decades + 30 * thrift + 30 * noise[2]).clip(300, 850).round()
    unknown = _happens(random, -4.0 - 0.6 * decades)
    return {
        "savings": savings,
        "rank": rank,
        "segment": _SEGMENTS[rank],
        "account_balance": balance,
        "credit_score": credit.mask(unknown).astype("Int64"),
    }


def _loyalty(people: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    empty = people["account_balance"] == 0
    log_odds = -1.6 - 0.9 * people["engagement"] - 0.4 * people["savings"] + 1.5 * empty
    churned = _happens(random, log_odds)
    earliest = np.maximum(people["join_day"], OPENING.astype("int64") - 180)
    last = CLOSING.astype("int64")
    left = last - ((last - earliest) * random.random(len(people))).astype("int64")
    return {"churned": churned, "last_day": np.where(churned, left, last)}


def _contacts(gender: pd.Series[str], random: np.random.Generator) -> dict[str, Any]:
    count = len(gender)
    either = np.where(random.random(count) < 0.5, "female", "male")
    as_female = gender.where(gender != "other", either) == "female"
    women, men = (_listed(names, count, random) for names in (Names.first_names_female, Names.first_names_male))
    first, last = pd.Series(np.where(as_female, women, men)), pd.Series(_listed(Names.last_names, count, random))
    area, line = random.integers(201, 990, count).astype(str), random.integers(100, 200, count).astype(str)
    return {
        "full_name": first + " " + last,
        "email": _emails(first + "." + last, random),
        "phone": np.char.add(np.char.add(area, "-555-0"), line),
    }


def _listed(weights: dict[str, float], count: int, random: np.random.Generator) -> _Array:
    shares = np.array(list(weights.values()))
    return random.choice(np.array(list(weights)), count, p=shares / shares.sum())


def _emails(names: pd.Series[str], random: np.random.Generator) -> pd.Series[str]:
    plain = names.str.lower().str.replace("[^a-z.]", "", regex=True)
    earlier = plain.groupby(plain).cumcount()
    number = (earlier + 1).astype(str).where(earlier > 0, "")
    return plain + number + random.choice(["@example.com", "@example.net", "@example.org"], len(names))


def _transactions(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    count, decades, wage = len(people), people["decades"], people["wage"]
    habits = random.standard_normal((2, count))
    owner, days = _rhythm(people, habits[0], random)
    taste = _utilities(_CATEGORY, count, decades, wage) + 1.2 * random.standard_normal((count, len(_CATEGORY)))
    category = _pick(random, taste[owner])
    way = _utilities(_CHANNEL, count, decades) + 1.0 * random.standard_normal((count, len(_CHANNEL)))
    suited = np.array(list(_CHANNEL_OF_CATEGORY.values()))[category]
    level = 3.9 + 0.35 * wage + 0.15 * people["rank"] + 0.4 * habits[1]
    log_amount = level.to_numpy()[owner] + np.array(list(_CATEGORY_AMOUNT.values()))[category]
    return pd.DataFrame(
        {
            "customer_id": people["customer_id"].to_numpy()[owner],
            "transaction_date": _dates(days),
            "category": _named(_CATEGORY, category),
            "channel": _named(_CHANNEL, _pick(random, way[owner] + suited)),
            "amount": np.exp(log_amount + 0.35 * random.standard_normal(len(owner))).round(2),
        }
    )


def _rhythm(people: pd.DataFrame, habit: _Array, random: np.random.Generator) -> tuple[_Array, _Array]:
    """The rows' customers and days: a renewal process from the later of joining and the first day of the records."""
    gap = np.exp(4.95 - 0.3 * people["engagement"] - 0.2 * people["rank"] + 0.35 * habit).to_numpy()
    waits = random.gamma(4.0, 0.25, (len(people), 60)) * gap[:, None]
    waits[:, 0] *= random.random(len(people))
    first = np.maximum(people["join_day"], OPENING.astype("int64")).to_numpy()
    days = first[:, None] + waits.cumsum(axis=1).astype("int64")
    owner, place = np.nonzero(days <= people["last_day"].to_numpy()[:, None])
    return owner, days[owner, place]


def _campaign_events(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    will = random.standard_normal(len(people))
    owner, campaign, days = _contacted(people, will, random)
    habit = 1.0 * random.standard_normal((len(people), len(_CONTACT)))
    way = _utilities(_CONTACT, len(people), people["decades"]) + habit
    own = people.assign(will=will).iloc[owner].reset_index(drop=True)
    channel = _named(_CONTACT, _pick(random, way[owner]))
    warm = 0.8 * own["will"] + 0.2 * own["rank"] - 1.0 * own["churned"]
    opened = _happens(random, _of(_CONTACT_OPENED, channel) + warm)
    converted = opened & _happens(random, -1.4 + 0.8 * warm)
    name = _named(_CAMPAIGN_TARGET, campaign)
    revenue = np.exp(_of(_CAMPAIGN_REVENUE, name) + 0.4 * own["wage"] + 0.4 * random.standard_normal(len(own)))
    return pd.DataFrame(
        {
            "customer_id": own["customer_id"],
            "campaign": name,
            "channel": channel,
            "event_date": _dates(days),
            "opened": opened,
            "converted": converted,
            "revenue": revenue.round(2).where(converted),
        }
    )


def _contacted(people: pd.DataFrame, will: _Array, random: np.random.Generator) -> tuple[_Array, _Array, _Array]:
    """Who is chosen for which campaign on which day: nobody before joining."""
    count = len(people)
    target = _utilities(_CAMPAIGN_TARGET, count, people["rank"], people["decades"], people["churned"])
    starts = np.array(list(_CAMPAIGN_STARTS.values()), dtype="datetime64[D]").astype("int64")
    days = starts + random.integers(0, _CAMPAIGN_LASTS, target.shape)
    chosen = _happens(random, (target + 0.3 * will[:, None]).ravel()).reshape(target.shape)
    chosen &= days >= people["join_day"].to_numpy()[:, None]
    owner, campaign = np.nonzero(chosen)
    order = np.lexsort((days[owner, campaign], owner))
    owner, campaign = owner[order], campaign[order]
    return owner, campaign, days[owner, campaign]
