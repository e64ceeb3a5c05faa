"""How often values agree in a company's own records: u is counted in a sample, m is found by expectation maximisation,
and both lean on shipped values where data are few.

Source: Linacre et al., Splink, https://moj-analytical-services.github.io/splink; Fellegi and Sunter (1969).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from models.identity.agreement import Agreement, averaged, leaning, with_chance
from models.identity.comparisons import Comparison, present_comparisons
from models.identity.splink_model import learned, linker

SAMPLE_SIZE = 2_500
"""All pairs of so many records tell how often values agree by chance."""
TRAINING_RULES = (("mailbox",), ("number",), ("birth",), ("given", "family"), ("postcode", "family"))
"""m is estimated among pairs that share one of these, each comparison where its columns are not the ones shared. Most
pairs must be matches: among all of one postcode, neighbours would be taken for one person."""
TRAINING_PAIRS = 400_000
FEWEST_PROFILES = 500
"""Below, the shipped values alone are used."""
LARGEST_SHARE = 0.5
"""Where all profiles are one customer, the model would be sure before it has compared anything."""
PRIOR_PAIRS = 2_000.0
"""The shipped values weigh as much as so many pairs of any two records."""


def fit(profiles: pl.DataFrame, prior: Agreement) -> Agreement:
    """Return the model of these profiles (profile, customer and COMPARED). Deterministic under any order of rows.

    `customer` is what is known so far: of one customer only one profile tells how often values agree by chance.
    """
    present = present_comparisons(profiles)
    if profiles.height < FEWEST_PROFILES or not present:
        return prior
    any_two = _share_of_matches(profiles)
    sample = _sample(profiles)
    with linker(sample, present, prior, any_two) as model:
        model.training.estimate_u_using_random_sampling(max_pairs=1e9, seed=1, min_count_per_level=None, num_chunks=1)
        pairs = sample.height**2 / 2
        chance = leaning(learned(model._settings_obj.comparisons, "u"), prior.rates, pairs, PRIOR_PAIRS, 1)
    start = Agreement({name: with_chance(prior.rates[name], chance.get(name)) for name in prior.rates}, any_two)
    sessions = [_session(profiles, present, start, rule) for rule in TRAINING_RULES if _has(profiles, rule)]
    agreed = averaged(sessions, prior)
    rates = {name: tuple(zip(agreed[name], (u for _, u in start.rates[name]), strict=True)) for name in prior.rates}
    return Agreement(rates, any_two)


def _share_of_matches(profiles: pl.DataFrame) -> float:
    """How many of all pairs are known as one customer; one in as many as there are records, where fewer are."""
    count = profiles.height
    sizes = profiles.group_by("customer").len()["len"].cast(pl.Float64)
    known = float((sizes * (sizes - 1)).sum()) / (count * (count - 1))
    return min(max(known, 1 / count), LARGEST_SHARE)


def _has(profiles: pl.DataFrame, rule: Sequence[str]) -> bool:
    return profiles.drop_nulls(rule).height > 1


def _sample(profiles: pl.DataFrame) -> pl.DataFrame:
    """Profiles of different customers, drawn by the hash of their number."""
    drawn = (
        profiles.select("profile", "customer")
        .sort(pl.col("profile").hash(seed=7), "profile")
        .unique("customer", keep="first", maintain_order=True)
        .head(SAMPLE_SIZE)
    )
    return profiles.filter(pl.col("profile").is_in(drawn["profile"].implode()))


def _session(
    profiles: pl.DataFrame, present: Sequence[Comparison], start: Agreement, rule: tuple[str, ...]
) -> tuple[float, dict[str, list[float]]]:
    """How many matches one training saw, and m of the comparisons that it could learn."""
    from splink import block_on

    members, pair_count = _training_blocks(profiles, rule)
    open_ones = [one for one in present if one.columns.isdisjoint(rule)]
    if pair_count < 1 or not open_ones:
        return 0.0, {}
    with linker(members, present, start, start.any_two) as model:
        session = model.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True
        )
        core = session.core_model_settings
        share = float(core.probability_two_random_records_match)
        names = {one.name for one in open_ones}
        rates = {name: m for name, m in learned(core.comparisons, "m").items() if name in names}
    return share * pair_count, rates


def _training_blocks(profiles: pl.DataFrame, rule: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """The profiles of as many blocks as training can bear, drawn by the hash of their key, and their pairs."""
    keyed = profiles.select("profile", *rule).drop_nulls(rule).select("profile", key=pl.struct(rule).hash(seed=3))
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
    members = keyed.join(blocks.select("key"), on="key", how="semi")
    return profiles.filter(pl.col("profile").is_in(members["profile"].implode())), int(blocks["pairs"].sum())
