-- grain: customer; a no beats a yes, unless that is provably later
{% set channels = ['email', 'phone', 'sms', 'post'] %}

with statements as (

    {% for channel in channels -%}
    select
        links.customer_id,
        '{{ channel }}' as channel,
        contacts.consent_{{ channel }} as is_allowed,
        contacts.consent_at as stated_at
    from {{ ref('stg_contacts') }} as contacts
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'contacts'
        and contacts.source_system = links.source_system
        and contacts.source_id = links.source_id
    where contacts.consent_{{ channel }} is not null

    union all

    {% endfor -%}
    -- shops repeat an old yes on every new order, so it has no date that could prove it later than a no
    select
        links.customer_id,
        'email' as channel,
        orders.accepts_marketing as is_allowed,
        case when not orders.accepts_marketing then orders.ordered_at end as stated_at
    from {{ ref('stg_orders') }} as orders
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'orders'
        and orders.source_system = links.source_system
        and orders.buyer_source_id = links.source_id
    where orders.accepts_marketing is not null and not orders.is_test and orders.is_deleted is not true

    union all

    select
        customer_id,
        'email' as channel,
        false as is_allowed,
        unsubscribed_at as stated_at
    from {{ ref('touches') }}
    where is_unsubscribed and customer_id is not null

    union all

    select
        links.customer_id,
        'all' as channel,
        false as is_allowed,
        null as stated_at
    from {{ ref('stg_contacts') }} as contacts
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'contacts'
        and contacts.source_system = links.source_system
        and contacts.source_id = links.source_id
    where contacts.suppression_reason is not null

    union all

    select
        customer_id,
        'all' as channel,
        false as is_allowed,
        null as stated_at
    from {{ ref('touches') }}
    where (is_complained or is_dead_address) and customer_id is not null

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

)

select
    customer_id,
    {% for channel in channels -%}
    bool_or(is_allowed) filter (where channel = '{{ channel }}') as consent_{{ channel }},
    {% endfor -%}
    bool_or(channel = 'all') as is_suppressed
from decided
group by customer_id
