-- grain: customer; a no beats a yes, unless that is provably later, and nobody is written to at a dead address
{% set channels = ['email', 'phone', 'sms', 'post'] %}

with own as (

    select
        customer_id,
        channel,
        is_allowed,
        stated_at
    from {{ ref('consent_ledger') }}
    where customer_id is not null and evidence <> 'bounced'

),

-- who shares an address shares what was refused there
of_the_address as (

    select distinct
        records.customer_id,
        ledger.channel,
        ledger.is_allowed,
        ledger.stated_at
    from {{ ref('consent_ledger') }} as ledger
    inner join {{ ref('int_records_linked') }} as records on ledger.email = records.email
    where
        not ledger.is_allowed
        and ledger.channel in ('email', 'all')
        and ledger.evidence <> 'bounced'
        and (ledger.customer_id is null or ledger.customer_id <> records.customer_id)

),

statements as (

    select * from own
    union all
    select * from of_the_address

),

-- a dead mailbox closes the channel to whoever would be written to there, and says nothing of another address
returned as (

    select distinct golden.customer_id
    from {{ ref('consent_ledger') }} as ledger
    inner join {{ ref('int_golden_records') }} as golden on ledger.email = golden.email
    where ledger.evidence = 'bounced'

),

decided as (

    select
        customer_id,
        channel,
        case
            when not bool_or(not is_allowed) then true
            when bool_or(not is_allowed and stated_at is null) then false
            else coalesce(
                max(case when is_allowed then stated_at end) > max(case when not is_allowed then stated_at end), false
            )
        end as is_allowed
    from statements
    group by customer_id, channel

    union all

    select customer_id, 'returned', false
    from returned

)

select
    customer_id,
    {% for channel in channels -%}
    bool_or(is_allowed) filter (where channel = '{{ channel }}')
    {%- if channel == 'email' %} and not bool_or(channel = 'returned'){% endif %} as consent_{{ channel }},
    {% endfor -%}
    bool_or(channel = 'all') as is_suppressed
from decided
group by customer_id
