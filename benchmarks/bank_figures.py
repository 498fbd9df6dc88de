"""How hard the example data set ``bank`` is: ``python benchmarks/bank_figures.py [--customers N]``.

(a) SDV's HMA with its defaults, scored by SDMetrics' quality report without thresholds and subsample
(needs the extra sdv); (b), (c) how well a classifier tells columns drawn independently, and right tables
with shuffled keys, from the original; (d) both figures for another seed: what a perfect model would reach.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score

from synthkit.bank import bank

Tables = dict[str, pd.DataFrame]
KEYS = {"customers": "customer_id", "transactions": "transaction_id", "campaign_events": "event_id"}
CHILDREN = ("transactions", "campaign_events")
PERSONAL = ["full_name", "email", "phone"]


def independent(real: Tables, random: np.random.Generator) -> Tables:
    """Each column, and each number of children, drawn on its own."""
    keys = real["customers"]["customer_id"]
    made = {"customers": _columns_apart(real["customers"], len(keys), random).assign(customer_id=keys)}
    for child in CHILDREN:
        counts = real[child].groupby("customer_id").size().reindex(keys, fill_value=0)
        owners = np.repeat(keys.to_numpy(), random.choice(counts.to_numpy(), len(keys)))
        made[child] = _columns_apart(real[child], len(owners), random).assign(customer_id=owners)
    return made


def _columns_apart(table: pd.DataFrame, rows: int, random: np.random.Generator) -> pd.DataFrame:
    drawn = {c: table[c].iloc[random.integers(0, len(table), rows)].reset_index(drop=True) for c in table.columns}
    return pd.DataFrame(drawn)


def shuffled_keys(real: Tables, random: np.random.Generator) -> Tables:
    """The right tables and the right numbers of children, each child with a random parent."""
    children = {c: real[c].assign(customer_id=random.permutation(real[c]["customer_id"].to_numpy())) for c in CHILDREN}
    return {**real, **children}


def features(tables: Tables) -> pd.DataFrame:
    """Numbers for each customer: the own columns, and aggregates of both kinds of children."""
    customers = tables["customers"].set_index("customer_id").drop(columns=PERSONAL)
    return pd.concat([_numbers(customers), *(_aggregates(tables[c], c, customers.index) for c in CHILDREN)], axis=1)


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    days = table.select_dtypes("datetime").columns
    as_days = {c: (table[c] - pd.Timestamp("2000-01-01")).dt.days for c in days}
    return pd.get_dummies(table.assign(**as_days), dtype=float).astype("float64")


def _aggregates(child: pd.DataFrame, name: str, customers: pd.Index) -> pd.DataFrame:
    numbers = _numbers(child.drop(columns=[KEYS[name], "customer_id"]))
    groups = numbers.groupby(child["customer_id"])
    aggregates = groups.agg(["mean", "min", "max", "std"]).reindex(customers)
    aggregates.columns = pd.Index([".".join((name, *pair)) for pair in aggregates.columns])
    dates = next(c for c in child.columns if c.endswith("_date"))
    span = (groups[dates].max() - groups[dates].min()).reindex(customers)
    counts = groups.size().reindex(customers, fill_value=0)
    return aggregates.assign(**{f"{name}.span": span, f"{name}.count": counts})


def auc(real: Tables, other: Tables) -> float:
    """Cross-validated area under the curve; 0.5 = cannot be told apart, 1 = always told apart."""
    parts = [features(real), features(other)]
    rows = pd.concat(parts, ignore_index=True, join="inner")  # a category absent from one part would be a give-away
    labels = np.repeat([0, 1], [len(part) for part in parts])
    shuffled = np.random.default_rng(0).permutation(len(rows))
    model = HistGradientBoostingClassifier(random_state=0)
    scores = cross_val_score(model, rows.iloc[shuffled], labels[shuffled], cv=5, scoring="roc_auc")
    return float(scores.mean())


def strict_score(real: Tables, synthetic: Tables) -> dict[str, float]:
    """SDMetrics' quality report with nothing left out; a metric that could not be computed is an error."""
    from sdmetrics.reports.multi_table import QualityReport  # noqa: PLC0415 - the extra may be absent

    report = QualityReport()
    report.real_correlation_threshold = report.real_association_threshold = 0
    report.num_rows_subsample = None
    report.generate(_modelled(real), _modelled(synthetic), _metadata(real).to_dict(), verbose=False)
    properties = dict(report.get_properties().to_numpy())
    for name in properties:
        details = report.get_details(name)
        if "Error" in details or details["Score"].isna().any():
            raise ValueError(f"{name}: a metric could not be computed")
    return {"overall": report.get_score(), **properties}


def hma(real: Tables, customers: int) -> Tables:
    """Fit HMA on the real tables and draw as many customers."""
    from sdv.multi_table import HMASynthesizer  # noqa: PLC0415 - the extra may be absent

    model = HMASynthesizer(_metadata(real), verbose=False)
    started = time.perf_counter()
    model.fit(_modelled(real))
    print(f"    HMA: fit in {time.perf_counter() - started:.0f} s", flush=True)
    started = time.perf_counter()
    drawn: Tables = model.sample(num_rows=customers, main_table_name="customers")
    print(f"    HMA: {customers} customers drawn in {time.perf_counter() - started:.0f} s", flush=True)
    return drawn


def _modelled(tables: Tables) -> Tables:
    """Without personal data; dates in nanoseconds, as SDV 2.0 moves those in microseconds to 1970."""
    return {name: _in_nanoseconds(table.drop(columns=PERSONAL, errors="ignore")) for name, table in tables.items()}


def _in_nanoseconds(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(dict.fromkeys(table.select_dtypes("datetime").columns, "datetime64[ns]"))


def _metadata(tables: Tables) -> Any:
    from sdv.metadata import Metadata  # noqa: PLC0415 - the extra may be absent

    links = [
        {
            "parent_table_name": "customers",
            "child_table_name": child,
            "parent_primary_key": "customer_id",
            "child_foreign_key": "customer_id",
        }
        for child in CHILDREN
    ]
    described = {
        name: {"columns": {c: _sdtype(table[c]) for c in table}, "primary_key": KEYS[name]}
        for name, table in _modelled(tables).items()
    }
    return Metadata.load_from_dict({"tables": described, "relationships": links, "METADATA_SPEC_VERSION": "V2"})


def _sdtype(column: pd.Series) -> dict[str, str]:
    if str(column.name).endswith("_id"):
        return {"sdtype": "id"}
    if pd.api.types.is_datetime64_dtype(column):
        return {"sdtype": "datetime"}
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return {"sdtype": "numerical" if numeric else "categorical"}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=2000, help="that HMA draws (it is slow); 2000 by default")
    asked = parser.parse_args()
    real, fresh, random = bank(), bank(seed=1), np.random.default_rng(0)
    if importlib.util.find_spec("sdv"):
        print("(a)", _line(strict_score(real, hma(real, asked.customers))), flush=True)
        print("(d)", _line(strict_score(real, fresh)), flush=True)
    print(f"(b) independent columns AUC {auc(real, independent(real, random)):.3f}")
    print(f"(c) shuffled keys       AUC {auc(real, shuffled_keys(real, random)):.3f}")
    print(f"(d) another seed        AUC {auc(real, fresh):.3f}")


def _line(score: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in score.items())


if __name__ == "__main__":
    main()
