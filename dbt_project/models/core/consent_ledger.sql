-- grain: one statement of a source about one channel ('all': no marketing contact whatsoever)
with contacts as (

    select
        coalesce(links.customer_id, addresses.customer_id) as customer_id,
        consents.email,
        consents.channel,
        consents.is_allowed,
        consents.stated_at,
        consents.source_system,
        consents.source_id,
        consents.evidence
    from {{ ref('stg_consents') }} as consents
    left join {{ ref('int_customer_links') }} as links
        on links.entity = 'contacts'
        and consents.source_system = links.source_system
        and consents.source_id = links.source_id
    left join {{ ref('int_addresses_linked') }} as addresses on consents.email = addresses.email

),

-- shops repeat an old yes on every new order, so it has no date that could prove it later than a no
orders as (

    select
        links.customer_id,
        orders.email,
        'email' as channel,
        orders.accepts_marketing as is_allowed,
        case when not orders.accepts_marketing then orders.ordered_at end as stated_at,
        orders.source_system,
        orders.order_id as source_id,
        'order' as evidence
    from {{ ref('stg_orders') }} as orders
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'orders'
        and orders.source_system = links.source_system
        and orders.buyer_source_id = links.source_id
    where orders.accepts_marketing is not null and not orders.is_test and orders.is_deleted is not true

),

mailings as (

    select
        addresses.customer_id,
        mailings.email,
        mailings.source_system,
        mailings.campaign_key as source_id,
        mailings.is_unsubscribed,
        mailings.unsubscribed_at,
        mailings.is_complained,
        mailings.is_dead_address
    from {{ ref('int_mailings_received') }} as mailings
    left join {{ ref('int_addresses_linked') }} as addresses on mailings.email = addresses.email
    where mailings.is_unsubscribed or mailings.is_complained or mailings.is_dead_address

)

select * from contacts
union all
select * from orders
union all
select customer_id, email, 'email', false, unsubscribed_at, source_system, source_id, 'unsubscribed'
from mailings
where is_unsubscribed
union all
select customer_id, email, 'all', false, null, source_system, source_id, 'complained'
from mailings
where is_complained
union all
select customer_id, email, 'email', false, null, source_system, source_id, 'bounced'
from mailings
where is_dead_address
