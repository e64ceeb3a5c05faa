"""How probably are two records the same customer? Splink's model of Fellegi and Sunter, its parameters kept as numbers.

For every degree of agreement the model knows how often it occurs among records of one customer (m) and of two (u).
u is counted in a sample, m is found by expectation maximisation, and both lean on shipped values where data are few.

Source: Linacre et al., Splink, https://moj-analytical-services.github.io/splink; Fellegi and Sunter (1969).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from models.identity.calculator import calculator
from models.identity.clusters import MATCH_PROBABILITY
from models.identity.comparisons import (
    BIRTH,
    COMPARISONS,
    MAILBOX,
    NAME,
    OTHER_NAMES,
    SAME_BIRTH,
    Comparison,
    same,
)
from models.identity.records import COMPARED

if TYPE_CHECKING:
    from splink import Linker

_PRIOR = Path(__file__).parent / "prior.json"
SAMPLE_SIZE = 2_500
"""All pairs of so many records tell how often values agree by chance."""
TRAINING_RULES = (("mailbox",), ("number",), ("birth",), ("given", "family"), ("postcode", "family"))
"""m is estimated among pairs that share one of these, each comparison where its columns are not the ones shared. Most
pairs must be matches: among all of one postcode, neighbours would be taken for one person."""
TRAINING_PAIRS = 400_000
FEWEST_PROFILES = 500
"""Below, the shipped values alone are used."""
PRIOR_MATCHES, PRIOR_PAIRS = 50.0, 2_000.0
"""The shipped values weigh as much as so many pairs of records that match, or of any two."""
LOWEST_WEIGHT = -6.0
_DIGITS = 9
_SCORED = pl.Schema({"profile_l": pl.Int64, "profile_r": pl.Int64, "probability": pl.Float64})

Rates = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Agreement:
    """m and u of every level of every comparison, and how probably any two records match before they are compared."""

    rates: Mapping[str, Rates]
    any_two: float

    def to_json(self) -> str:
        """The numbers as text."""
        return json.dumps({"any_two": self.any_two, "rates": self.rates}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Agreement:
        """The numbers out of such a text."""
        content = json.loads(text)
        rates = {name: tuple((m, u) for m, u in levels) for name, levels in content["rates"].items()}
        return cls(rates, content["any_two"])


def shipped_agreement() -> Agreement:
    """Return what was learned from data whose truth is known; used where the company's own data are too few."""
    return Agreement.from_json(_PRIOR.read_text(encoding="utf-8"))


def fit(profiles: pl.DataFrame, prior: Agreement) -> Agreement:
    """Return the model of these profiles (profile, customer and COMPARED). Deterministic under any order of rows.

    `customer` is what is known so far: of one customer only one profile tells how often values agree by chance.
    """
    present = _present(profiles)
    if profiles.height < FEWEST_PROFILES or not present:
        return prior
    any_two = _share_of_matches(profiles)
    sample = _sample(profiles)
    with _linker(sample, present, prior, any_two) as linker:
        linker.training.estimate_u_using_random_sampling(max_pairs=1e9, seed=1, min_count_per_level=None, num_chunks=1)
        pairs = sample.height**2 / 2
        chance = _leaning(_learned(linker._settings_obj.comparisons, "u"), prior.rates, pairs, PRIOR_PAIRS, 1)
    start = Agreement({name: _merged(prior.rates[name], chance.get(name)) for name in prior.rates}, any_two)
    sessions = [_session(profiles, present, start, rule) for rule in TRAINING_RULES if _has(profiles, rule)]
    agreed = _average(sessions, prior)
    rates = {name: tuple(zip(agreed[name], (u for _, u in start.rates[name]), strict=True)) for name in prior.rates}
    return Agreement(rates, any_two)


def score(profiles: pl.DataFrame, pairs: pl.DataFrame, agreement: Agreement) -> pl.DataFrame:
    """Return profile_l, profile_r, probability of the pairs. Those that are most improbable are left out."""
    present = _present(profiles)
    if not present or pairs.is_empty():
        return pl.DataFrame(schema=_SCORED)
    with _linker(profiles, present, agreement, agreement.any_two) as linker:
        _register_frequencies(linker, profiles, present, agreement)
        keys = pairs.select(pl.lit("0").alias("match_key"), join_key_l="profile_l", join_key_r="profile_r")
        linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register(keys.to_arrow()))
        found = linker.inference.predict(threshold_match_weight=LOWEST_WEIGHT, warning_mode="never")
        table = found.as_duckdbpyrelation().select("profile_l, profile_r, match_probability AS probability")
        scored = pl.DataFrame(table.to_arrow_table())
    return scored.cast(_SCORED).sort("profile_l", "profile_r")


def _register_frequencies(
    linker: Linker, profiles: pl.DataFrame, present: Sequence[Comparison], agreement: Agreement
) -> None:
    """How probably another customer has the same value. Counted among customers, as the busiest have most records;
    the two that are compared do not count, or else a value that only they have would look common."""
    count = profiles["customer"].n_unique()
    for column, by_chance in _chances(present, agreement).items():
        others = pl.max_horizontal(pl.col("holders").cast(pl.Int64) - 2, 0) / count
        holders = profiles.lazy().select("customer", column).drop_nulls().unique().group_by(column).len("holders")
        frequencies = holders.select(column, (others + min(by_chance, 1 / count)).alias(f"tf_{column}")).collect()
        table = linker._db_api.register(frequencies.to_arrow())
        linker.table_management.register_term_frequency_lookup(table, column)


def _chances(present: Sequence[Comparison], agreement: Agreement) -> dict[str, float]:
    """Of each column that is weighed by how rare its values are, how often any two agree in it and no more."""
    chances: dict[str, float] = {}
    for comparison in present:
        for level, (_, u) in zip(comparison.levels, agreement.rates[comparison.name], strict=False):
            if level.condition == same(level.weighed_by or ""):
                chances[level.weighed_by or ""] = u
    return chances


def levels(profiles: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs (profile_l, profile_r and what else they have) with the level of every comparison by its name:
    0 is the surest, one more than the last differs, null is not known."""
    sides = [
        f"SELECT profile AS profile_{side}, {', '.join(f'{name} AS {name}_{side}' for name in COMPARED)} FROM profiles"
        for side in "lr"
    ]
    cases = ", ".join(f'{_level(comparison)} AS "{comparison.name}"' for comparison in COMPARISONS)
    with calculator(profiles=profiles.select("profile", *COMPARED), pairs=pairs) as connection:
        table = connection.sql(
            f"SELECT pairs.*, {cases} FROM pairs JOIN ({sides[0]}) AS l USING (profile_l) "
            f"JOIN ({sides[1]}) AS r USING (profile_r)"
        ).to_arrow_table()
    return pl.DataFrame(table).sort("profile_l", "profile_r")


def without_housemates(profiles: pl.DataFrame, scored: pl.DataFrame) -> pl.DataFrame:
    """Return the scored pairs without those that share what households and offices share, and have first names that are
    both common and not the same: only a birth date or a mailbox of his own shows that it is one person."""
    likely = scored.filter(pl.col("probability") >= MATCH_PROBABILITY)
    for side in "lr":
        names = profiles.select(pl.col("profile", "given", "given_known").name.suffix(f"_{side}"))
        likely = likely.join(names, on=f"profile_{side}", maintain_order="left")
    are_names = (pl.col("given_l") != pl.col("given_r")) & (pl.col("given_known_l") == pl.col("given_known_r"))
    told = levels(profiles, likely.filter(are_names).select("profile_l", "profile_r"))
    is_proven = pl.col(BIRTH.name).is_in(SAME_BIRTH) | (pl.col(MAILBOX.name) == 0)
    housemates = told.filter(pl.col(NAME.name).is_in(OTHER_NAMES) & ~is_proven.fill_null(False))
    return scored.join(
        housemates.select("profile_l", "profile_r"), on=["profile_l", "profile_r"], how="anti", maintain_order="left"
    )


def _level(comparison: Comparison) -> str:
    column = comparison.column
    cases = " ".join(f"WHEN {level.condition} THEN {at}" for at, level in enumerate(comparison.levels))
    unknown = f"{column}_l IS NULL OR {column}_r IS NULL"
    return f"CASE WHEN {unknown} THEN NULL {cases} ELSE {len(comparison.levels)} END"


def _column(comparison: Comparison) -> str:
    return comparison.name.replace(" ", "_").replace("-", "_")


def _share_of_matches(profiles: pl.DataFrame) -> float:
    """How many of all pairs are known as one customer; one in as many as there are records, where fewer are."""
    count = profiles.height
    sizes = profiles.group_by("customer").len()["len"].cast(pl.Float64)
    known = float((sizes * (sizes - 1)).sum()) / (count * (count - 1))
    return max(known, 1 / count)


def _present(profiles: pl.DataFrame) -> list[Comparison]:
    """The comparisons for which there is anything to compare."""
    return [one for one in COMPARISONS if profiles[one.column].null_count() < profiles.height - 1]


def _has(profiles: pl.DataFrame, rule: Sequence[str]) -> bool:
    return profiles.drop_nulls(rule).height > 1


def _sample(profiles: pl.DataFrame) -> pl.DataFrame:
    distinct = profiles.sort(pl.col("profile").hash(seed=7), "profile").unique(
        "customer", keep="first", maintain_order=True
    )
    return distinct.head(SAMPLE_SIZE)


@contextmanager
def _linker(
    profiles: pl.DataFrame, comparisons: Sequence[Comparison], agreement: Agreement, any_two: float
) -> Iterator[Linker]:
    from splink import DuckDBAPI, Linker, SettingsCreator

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="profile",
        comparisons=[_creator(comparison, agreement.rates[comparison.name]) for comparison in comparisons],
        probability_two_random_records_match=any_two,
        retain_matching_columns=False,
    )
    with calculator() as connection:
        table = DuckDBAPI(connection).register(profiles.select("profile", *COMPARED).to_arrow())
        yield Linker(table, settings, log_level=logging.ERROR)


def _creator(comparison: Comparison, rates: Rates) -> Any:
    from splink import comparison_level_library as levels
    from splink import comparison_library

    made: list[Any] = [levels.NullLevel(comparison.column)]
    for level, (m, u) in zip(comparison.levels, rates, strict=False):
        one = levels.CustomLevel(level.condition, level.meaning).configure(m_probability=m, u_probability=u)
        made.append(one.configure(tf_adjustment_column=level.weighed_by) if level.weighed_by else one)
    m, u = rates[-1]
    made.append(levels.ElseLevel().configure(m_probability=m, u_probability=u))
    return comparison_library.CustomComparison(made, output_column_name=_column(comparison))


def _learned(comparisons: Iterable[Any], which: str) -> dict[str, list[float]]:
    """m or u of the levels by the comparison's name, from Splink's own objects; without those that it gave no value."""
    names = {_column(one): one.name for one in COMPARISONS}
    found = {}
    for comparison in comparisons:
        levels = [level for level in comparison.comparison_levels if not level.is_null_level]
        values = [getattr(level, f"{which}_probability") for level in levels]
        found[names[comparison.output_column_name]] = [
            float(value) if isinstance(value, (int, float)) else 0.0 for value in values
        ]
    return found


def _session(
    profiles: pl.DataFrame, present: Sequence[Comparison], start: Agreement, rule: tuple[str, ...]
) -> tuple[float, dict[str, list[float]]]:
    """How many matches one training saw, and m of the comparisons that it could learn."""
    from splink import block_on

    members, pair_count = _training_blocks(profiles, rule)
    learned = [one for one in present if one.columns.isdisjoint(rule)]
    if pair_count < 1 or not learned:
        return 0.0, {}
    with _linker(members, present, start, start.any_two) as linker:
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True
        )
        core = session.core_model_settings
        share = float(core.probability_two_random_records_match)
        names = {one.name for one in learned}
        rates = {name: m for name, m in _learned(core.comparisons, "m").items() if name in names}
    return share * pair_count, rates


def _training_blocks(profiles: pl.DataFrame, rule: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """The profiles of as many blocks as training can bear, drawn by the hash of their key, and their pairs."""
    keyed = profiles.drop_nulls(rule).with_columns(key=pl.struct(rule).hash(seed=3))
    size = pl.col("size").cast(pl.Int64)
    blocks = (
        keyed.group_by("key")
        .agg(size=pl.len())
        .filter(size > 1)
        .with_columns(pairs=size * (size - 1) // 2)
        .filter(pl.col("pairs") <= TRAINING_PAIRS // 20)
        .sort("key")
        .filter(pl.col("pairs").cum_sum() <= TRAINING_PAIRS)
    )
    return keyed.join(blocks.select("key"), on="key", how="semi"), int(blocks["pairs"].sum())


def _average(sessions: Sequence[tuple[float, dict[str, list[float]]]], prior: Agreement) -> dict[str, list[float]]:
    """m per level, the shipped values and each training weighed by the matches behind them."""
    agreed = {}
    for name, rates in prior.rates.items():
        weights = [PRIOR_MATCHES] + [matches for matches, learned in sessions if name in learned]
        values = [[m for m, _ in rates]] + [learned[name] for _, learned in sessions if name in learned]
        total = sum(weights)
        agreed[name] = [
            round(sum(weight * value[at] for weight, value in zip(weights, values, strict=True)) / total, _DIGITS)
            for at in range(len(rates))
        ]
    return agreed


def _leaning(
    learned: Mapping[str, Sequence[float]], rates: Mapping[str, Rates], weight: float, prior_weight: float, which: int
) -> dict[str, list[float]]:
    """What was learned and what is shipped, each by its weight."""
    return {
        name: [
            round((weight * value + prior_weight * shipped[which]) / (weight + prior_weight), _DIGITS)
            for value, shipped in zip(values, rates[name], strict=True)
        ]
        for name, values in learned.items()
    }


def _merged(rates: Rates, chance: Sequence[float] | None) -> Rates:
    if chance is None:
        return rates
    return tuple((m, u) for (m, _), u in zip(rates, chance, strict=True))
