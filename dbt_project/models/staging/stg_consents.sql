-- grain: contact record x channel; the newest version that says anything, also of records deleted since
{% set channels = ['email', 'phone', 'sms', 'post'] %}

-- An export without the consent column takes nothing back, and a suppression is lifted only by a newer yes to e-mail. Of
-- undated versions that contradict each other a no counts.
with said as (

    {% for channel in channels -%}
    select
        source_system, source_id, email, consent_at, updated_at, file_horizon,
        '{{ channel }}' as channel,
        consent_{{ channel }} as is_allowed
    from {{ source('raw', 'contacts') }}
    where consent_{{ channel }} is not null

    union all

    {% endfor -%}
    select
        source_system, source_id, email, null as consent_at, updated_at, file_horizon,
        'all' as channel,
        suppression_reason is null as is_allowed
    from {{ source('raw', 'contacts') }}
    where suppression_reason is not null or consent_email

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, source_id, channel
            order by
                consent_at desc nulls last,
                updated_at desc nulls last,
                file_horizon desc nulls last,
                is_allowed,
                email
        ) as version_rank
    from said

)

select
    source_system,
    source_id,
    {{ email_address('email') }} as email,
    channel,
    is_allowed,
    consent_at as stated_at
from ranked
where version_rank = 1 and not (channel = 'all' and is_allowed)
