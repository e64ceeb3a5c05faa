-- grain: one contact with one customer, either way, from whichever source
with mailings as (

    select
        {{ surrogate_key(
            "mailings.source_system || ' ' || mailings.campaign_key || ' ' || mailings.email"
        ) }} as touch_id,
        addresses.customer_id,
        'email' as channel,
        'outbound' as direction,
        mailings.source_system || ':' || mailings.campaign_key as campaign_id,
        mailings.touched_at,
        mailings.is_delivered,
        cast(null as boolean) as is_reached,
        mailings.is_engaged,
        mailings.has_human_open as is_opened,
        mailings.has_human_click as is_clicked,
        mailings.is_machine,
        mailings.machine_probability,
        mailings.is_dead_address,
        mailings.is_complained,
        mailings.is_unsubscribed,
        mailings.unsubscribed_at,
        cast(null as {{ dbt.type_string() }}) as ticket_id,
        mailings.source_system
    from {{ ref('int_mailings_judged') }} as mailings
    left join {{ ref('int_addresses_linked') }} as addresses on mailings.email = addresses.email

),

activities as (

    select
        {{ surrogate_key("activities.source_system || ' ' || activities.source_id") }} as touch_id,
        {{ customer_of_record() }} as customer_id,
        activities.channel,
        activities.direction,
        activities.source_system || ':' || activities.campaign_key as campaign_id,
        activities.occurred_at as touched_at,
        -- a letter or text message that did not arrive; a call that nobody took was made all the same
        activities.channel in ('phone', 'visit') or coalesce(activities.is_reached, true) as is_delivered,
        activities.is_reached,
        -- a letter or text message that arrived is not answered yet
        case
            when activities.direction = 'outbound' and activities.channel not in ('phone', 'visit') then false
            else coalesce(activities.is_reached, activities.direction = 'inbound')
        end as is_engaged,
        cast(null as boolean) as is_opened,
        cast(null as boolean) as is_clicked,
        false as is_machine,
        cast(0 as double) as machine_probability,
        false as is_dead_address,
        false as is_complained,
        false as is_unsubscribed,
        cast(null as timestamp) as unsubscribed_at,
        cast(null as {{ dbt.type_string() }}) as ticket_id,
        activities.source_system
    from {{ ref('stg_activities') }} as activities
    {{ joined_customer('activities') }}

)

select * from mailings
union all
select * from activities
union all
-- whoever opens a ticket has got in touch, whether his case is closed by now or not
select
    {{ surrogate_key("'ticket ' || ticket_id") }} as touch_id,
    customer_id,
    'ticket' as channel,
    'inbound' as direction,
    null as campaign_id,
    created_at as touched_at,
    true as is_delivered,
    true as is_reached,
    true as is_engaged,
    null as is_opened,
    null as is_clicked,
    false as is_machine,
    0 as machine_probability,
    false as is_dead_address,
    false as is_complained,
    false as is_unsubscribed,
    null as unsubscribed_at,
    ticket_id,
    source_system
from {{ ref('int_tickets_assigned') }}
