-- grain: customer x day x kind x detail; what happened to customers before their first purchase, and when it was known
with first_purchases as (

    select
        customer_id,
        min(ordered_on) as first_order_on
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null
    group by customer_id

),

records as (

    select
        links.customer_id,
        contacts.source_system,
        contacts.company_name is not null or contacts.company_source_id is not null as has_company,
        contacts.job_title is not null as has_job_title,
        cast(contacts.created_at as date) as made_on
    from {{ ref('stg_contacts') }} as contacts
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'contacts'
        and contacts.source_system = links.source_system
        and contacts.source_id = links.source_id

),

-- won or lost, a deal is no longer under way; one that ended nobody knows when is under way on no day that is known
deals as (

    select
        customer_id,
        cast(created_at as date) as made_on,
        case when is_won is not null then cast(closed_at as date) end as closed_on
    from {{ ref('int_deals_assigned') }}
    where is_won is null or closed_at is not null

),

-- who reacts to a mailing does so within the next days: that is known a week later
touches as (

    select
        customer_id,
        channel = 'email' as is_mail,
        is_delivered,
        is_engaged,
        case
            when channel = 'email' then cast({{ dbt.dateadd('day', 7, 'cast(touched_at as date)') }} as date)
            else cast(touched_at as date)
        end as known_on
    from {{ ref('touches') }}

),

observed as (

    select customer_id, made_on as known_on, 'record' as kind, source_system as detail from records
    union all
    select customer_id, made_on, 'company', null from records where has_company
    union all
    select customer_id, made_on, 'job_title', null from records where has_job_title
    union all
    select customer_id, made_on, 'deal', null from deals
    union all
    select customer_id, closed_on, 'deal_closed', null from deals
    union all
    select customer_id, known_on, 'mailing', null from touches where is_mail and is_delivered
    union all
    select customer_id, known_on, 'reaction', null from touches where is_mail and is_delivered and is_engaged
    union all
    select customer_id, known_on, 'conversation', null from touches where not is_mail and is_engaged
    union all
    select customer_id, cast(stated_at as date), case when is_allowed then 'yes' else 'no' end, null
    from {{ ref('consent_ledger') }}

)

select
    observed.customer_id,
    observed.known_on,
    observed.kind,
    observed.detail,
    count(*) as event_count
from observed
cross join {{ ref('stg_run_context') }} as run_context
left join first_purchases on observed.customer_id = first_purchases.customer_id
where observed.customer_id is not null
    and observed.known_on <= run_context.as_of
    and (first_purchases.first_order_on is null or observed.known_on < first_purchases.first_order_on)
group by observed.customer_id, observed.known_on, observed.kind, observed.detail
