-- grain: contact record x channel x evidence; the newest version that says anything, also of records deleted since
{% set channels = ['email', 'phone', 'sms', 'post'] %}
{% set suppressions = [('email', 'bounced', "= 'bounced'"), ('all', 'suppressed', "<> 'bounced'")] %}

-- An export without the consent column takes nothing back, and a suppression is lifted only by a newer yes to e-mail. A
-- mailbox that is dead says nothing of the person's phone.
with said as (

    {% for channel in channels -%}
    select
        source_system, source_id, email, consent_at, updated_at, file_horizon,
        '{{ channel }}' as channel,
        'contact' as evidence,
        consent_{{ channel }} as is_allowed
    from {{ source('raw', 'contacts') }}
    where consent_{{ channel }} is not null

    union all

    {% endfor -%}
    {% for channel, evidence, reason in suppressions -%}
    select
        source_system, source_id, email, null as consent_at, updated_at, file_horizon,
        '{{ channel }}' as channel,
        '{{ evidence }}' as evidence,
        suppression_reason is null as is_allowed
    from {{ source('raw', 'contacts') }}
    where suppression_reason {{ reason }} or (suppression_reason is null and consent_email)
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A yes is as old as it says, though its record was changed since; a no holds as long as its record says so. Of versions
-- that contradict each other and have no date a no counts.
dated as (

    select
        *,
        coalesce(
            case when is_allowed then coalesce(consent_at, updated_at) else greatest(consent_at, updated_at) end,
            file_horizon
        ) as known_at
    from said

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, source_id, channel, evidence
            order by known_at desc nulls last, is_allowed, consent_at desc nulls last, email
        ) as version_rank
    from dated

)

select
    source_system,
    source_id,
    {{ email_address('email') }} as email,
    channel,
    evidence,
    is_allowed,
    consent_at as stated_at
from ranked
where version_rank = 1 and (evidence = 'contact' or not is_allowed)
