"""What is known of the invented company before a single customer is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MessageParameters:
    """What is known of a company that writes letters and text messages, too: as many rounds of each, in which a share
    of those who may get one does, drawn by lot. Effects are the chance that one that arrives brings an order.

    They go to contacts of the CRM: raise `crm_share` and `lead_crm_share` for a company that keeps all customers there.
    """

    rounds: int = 4
    letter_share: float = 0.3
    text_share: float = 0.3
    returned_share: float = 0.02
    failed_share: float = 0.03
    text_consent_share: float = 0.5
    letter_effect_mean: float = 0.08
    text_effect_mean: float = 0.03


@dataclass(frozen=True)
class Parameters:
    """The numbers from which a company is drawn. Rates are per day, money is in cents, VAT included.

    Repeat purchases follow the BG/NBD model of Fader, Hardie and Lee (2005): the purchase rate of a person is
    Gamma(rate_shape, 1 / rate_scale_days), the chance to leave after each repeat purchase is
    Beta(leave_alpha, leave_beta). The goods of an order follow the Gamma-Gamma model: Gamma(spend_p, 1 / nu), where
    nu is Gamma(spend_q, 1 / spend_gamma), so that the mean over all people is spend_p * spend_gamma / (spend_q - 1).
    Without `messages` the company writes neither letters nor text messages.
    """

    history_days: int = 1_277
    future_days: int = 365

    business_share: float = 0.04
    people_per_company: float = 1.6
    household_share: float = 0.06
    email_share: float = 0.97
    second_email_share: float = 0.08
    phone_share: float = 0.42
    business_phone_share: float = 0.92

    lead_share: float = 0.36
    lead_rate_median: float = 1 / 420
    lead_rate_spread: float = 0.5
    lead_reading_effect: float = 1.5
    business_lead_factor: float = 1.8

    rate_shape: float = 0.8
    rate_scale_days: float = 90.0
    leave_alpha: float = 1.2
    leave_beta: float = 4.5

    spend_p: float = 6.0
    spend_q: float = 4.0
    spend_gamma: float = 3_600.0
    business_spend_factor: float = 3.0
    extra_lines_mean: float = 2.05
    most_lines: int = 12

    favourite_share: float = 0.5
    second_share: float = 0.25

    discount_share: float = 0.12
    discount_rate_percent: int = 10
    vat_percent: int = 19
    shipping: int = 490
    free_shipping_from: int = 5_000
    cancelled_share: float = 0.015
    fully_refunded_share: float = 0.03
    partly_refunded_share: float = 0.03
    invoice_share: float = 0.08
    business_invoice_share: float = 0.6
    margin_rate: float = 0.4

    shop_account_share: float = 0.8
    lead_shop_account_share: float = 0.3
    crm_share: float = 0.4
    lead_crm_share: float = 0.6
    business_crm_share: float = 0.92
    crm_duplicate_share: float = 0.02
    member_share: float = 0.82

    moved_share: float = 0.06
    married_share: float = 0.03
    typo_share: float = 0.03
    street_typo_share: float = 0.03
    nickname_share: float = 0.06
    title_share: float = 0.015
    name_in_one_field_share: float = 0.02
    switchboard_share: float = 0.3
    role_address_share: float = 0.08
    mistyped_email_share: float = 0.015
    renamed_company_share: float = 0.06

    campaign_count: int = 36
    campaign_days: int = 730
    selective_mailing_share: float = 0.0
    held_out_share: float = 0.15
    hard_bounce_share: float = 0.004
    soft_bounce_share: float = 0.012
    unsubscribe_share: float = 0.0025
    privacy_proxy_share: float = 0.25
    privacy_proxy_open_share: float = 0.85
    scanner_share: float = 0.01
    business_scanner_share: float = 0.55
    slow_scanner_share: float = 0.3
    keen_reader_share: float = 0.05
    late_reader_share: float = 0.06
    email_effect_mean: float = 0.02

    call_rounds: int = 8
    call_share: float = 0.25
    connected_share: float = 0.45
    inbound_call_share: float = 0.03
    call_consent_share: float = 0.6
    business_call_consent_share: float = 0.8
    call_refusal_share: float = 0.08
    phone_effect_mean: float = 0.10

    messages: MessageParameters | None = None
