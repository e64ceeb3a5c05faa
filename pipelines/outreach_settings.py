"""What a company may say about its marketing contacts: what they cost, how many there may be, and who comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

if TYPE_CHECKING:
    from models.outreach import Policy

Group = Literal[
    "champions",
    "loyal",
    "potential_loyalist",
    "new",
    "promising",
    "needs_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
    "lead",
    "A",
    "B",
    "C",
]
_CHANNELS = ("email", "sms", "phone", "post")
_WEEK = 7


class ChannelSettings(BaseModel):
    """One channel of contact. What is not said has the shipped default, and the table plan_limits shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    cost: float = Field(0.0, ge=0, description="What one contact costs, in the base currency.")
    per_week: int | None = Field(
        None, ge=0, description="How many contacts can be made in a week; null: no limit, 0: nobody this way."
    )
    cap: int = Field(
        1, ge=0, description="How many contacts one customer may get within cap_days this way; 0: nobody this way."
    )


class EmailSettings(ChannelSettings):
    """Marketing by e-mail."""

    cost: float = Field(0.01, ge=0, description="What one e-mail costs, in the base currency.")
    cap: int = Field(4, ge=0, description="How many e-mails one customer may get within cap_days; 0: nobody.")


class SmsSettings(ChannelSettings):
    """Marketing by text message."""

    cost: float = Field(0.08, ge=0, description="What one text message costs, in the base currency.")
    per_week: int | None = Field(500, ge=0, description="Text messages a week; null: no limit, 0: nobody.")
    cap: int = Field(2, ge=0, description="How many text messages one customer may get within cap_days; 0: nobody.")


class PhoneSettings(ChannelSettings):
    """Sales calls."""

    cost: float = Field(5.0, ge=0, description="What one call costs, in the base currency.")
    per_week: int | None = Field(40, ge=0, description="Sales calls a week; null: no limit, 0: nobody.")
    cap: int = Field(1, ge=0, description="How many calls one customer may get within cap_days; 0: nobody.")


class PostSettings(ChannelSettings):
    """Marketing by letter."""

    cost: float = Field(1.2, ge=0, description="What one letter costs, in the base currency.")
    per_week: int | None = Field(250, ge=0, description="Letters a week; null: no limit, 0: nobody.")
    cap: int = Field(1, ge=0, description="How many letters one customer may get within cap_days; 0: nobody.")


class OutreachSettings(BaseModel):
    """The contact plan: for how long, at what cost, and how often customers may be contacted."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    period_days: int = Field(28, ge=1, le=366, description="How many days a contact plan is for.")
    effect_days: int = Field(28, ge=1, le=366, description="Within how many days the effect of a contact is measured.")
    budget: float | None = Field(
        None, ge=0, description="What the contacts of one plan may cost in all, in the base currency; null: no limit."
    )
    holdout_share: float = Field(
        0.1, ge=0, lt=1, description="Share of customers, always the same ones, whom no plan contacts, for comparison."
    )
    explore_share: float = Field(
        0.05, ge=0, lt=1, description="Share of customers whose contact is drawn by lot, to learn from."
    )
    cool_down_days: int = Field(
        3, ge=0, description="How many days after a contact, a visit too, nobody is contacted again."
    )
    overall_cap: int = Field(
        6, ge=0, description="How many contacts one customer may get within cap_days in all, visits too; 0: nobody."
    )
    cap_days: int = Field(30, ge=1, le=366, description="The days in which contacts are counted for the caps.")
    priorities: Mapping[Group, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="By how much a contact counts for more, by segment or value class; a customer of both has both.",
        examples=[{"champions": 1.5, "A": 1.2}],
    )
    assumed_orders_per_reaction: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Until effects are measured: how many orders a contact is assumed to bring that is reacted to.",
    )
    email: EmailSettings = Field(default_factory=EmailSettings, description="Marketing by e-mail.")
    sms: SmsSettings = Field(default_factory=SmsSettings, description="Marketing by text message.")
    phone: PhoneSettings = Field(default_factory=PhoneSettings, description="Sales calls.")
    post: PostSettings = Field(default_factory=PostSettings, description="Marketing by letter.")

    @field_validator(*_CHANNELS)
    @classmethod
    def _at_least_one_in_a_plan(cls, channel: ChannelSettings, info: ValidationInfo) -> ChannelSettings:
        """A channel is closed by a zero that somebody has written, and not by rounding."""
        days, per_week = info.data.get("period_days", _WEEK), channel.per_week
        if per_week and not per_week * days // _WEEK:
            raise ValueError(
                f"must allow a contact in each plan: {per_week} a week is less than one in {days} days. Plan for "
                f"{-(-_WEEK // per_week)} days or more (period_days), or set per_week to 0 to contact nobody this way"
            )
        return channel

    def channel(self, name: str) -> ChannelSettings:
        """Return what is said about a channel."""
        found: ChannelSettings = getattr(self, name)
        return found

    @property
    def policy(self) -> Policy:
        """What the models keep to: capacities and budget are those of a whole period."""
        from models.contact_plan import ChannelRule, PlanRules
        from models.outreach import Policy

        rules = PlanRules(
            channels={
                name: ChannelRule(self.channel(name).cost, self._capacity(name), self.channel(name).cap)
                for name in _CHANNELS
            },
            overall_cap=self.overall_cap,
            cool_down_days=self.cool_down_days,
            budget=self.budget,
            holdout_share=self.holdout_share,
            explore_share=self.explore_share,
        )
        return Policy(
            rules,
            period_days=self.period_days,
            horizon_days=self.effect_days,
            cap_days=self.cap_days,
            assumed_orders_per_reaction=self.assumed_orders_per_reaction,
        )

    @property
    def defaults(self) -> dict[str, bool]:
        """Whether each channel's capacity, and the budget, is the shipped default and not a word of the company."""
        said = {name: "per_week" in self.channel(name).model_fields_set for name in _CHANNELS}
        return {name: not is_said for name, is_said in said.items()} | {"budget": "budget" not in self.model_fields_set}

    @property
    def default_caps(self) -> list[str]:
        """The channels of which the cap per customer is the shipped default."""
        return [name for name in _CHANNELS if "cap" not in self.channel(name).model_fields_set]

    def priority(self, segment: str = "rfm_segment", value_class: str = "value_class") -> pl.Expr:
        """Return the factor of each customer, from the columns of segment and value class."""
        factors = [
            pl.col(column).replace_strict(dict(self.priorities), default=1.0, return_dtype=pl.Float64)
            if self.priorities
            else pl.lit(1.0)
            for column in (segment, value_class)
        ]
        return factors[0].fill_null(1.0) * factors[1].fill_null(1.0)

    def _capacity(self, name: str) -> int | None:
        per_week = self.channel(name).per_week
        return None if per_week is None else per_week * self.period_days // _WEEK
