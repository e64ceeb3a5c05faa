"""Purchase histories to fit models on: CDNOW's published ones, and simulated ones that follow the models exactly."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from models.bg_nbd import BgNbd
from models.gamma_gamma import GammaGamma

CALIBRATION_END = date(1997, 9, 30)


def cdnow_orders() -> pl.DataFrame:
    """Transactions of the CDNOW sample, from the installed package's own data files."""
    spec = importlib.util.find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    return pl.DataFrame(
        {
            "customer_id": [row[1] for row in rows],
            "ordered_on": [date.fromisoformat(row[2]) for row in rows],
            "net_revenue": [row[4] for row in rows],
        }
    ).with_columns(pl.col("net_revenue").str.to_decimal(scale=2))


def simulated(model: BgNbd, spend: GammaGamma, *, customers: int, seed: int) -> pl.DataFrame:
    """Histories in days that follow the models exactly."""
    random = np.random.default_rng(seed)
    age = random.integers(30, 720, customers).astype(float)
    rate = random.gamma(model.r, 1 / model.alpha, customers)
    dropout = random.beta(model.a, model.b, customers)
    x, t_x, active = np.zeros(customers), np.zeros(customers), np.arange(customers)
    while len(active):
        at = t_x[active] + random.exponential(1 / rate[active])
        active, at = active[at <= age[active]], at[at <= age[active]]
        t_x[active], x[active] = at, x[active] + 1
        active = active[random.random(len(active)) > dropout[active]]
    nu = random.gamma(spend.q, 1 / spend.v, customers)
    total = random.gamma(spend.p * np.maximum(x, 1)) / nu
    return pl.DataFrame(
        {
            "customer_id": [f"C{number:06}" for number in range(customers)],
            "frequency": x.astype(int),
            "recency": np.floor(t_x),
            "age": age,
            "monetary_value": np.where(x > 0, total / np.maximum(x, 1), 0.0),
        }
    )
