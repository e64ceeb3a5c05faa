-- grain: customer x reason; the newest event of each reason that nobody has followed up yet
with personal_contacts as (

    -- a mailing, letter or text message to many is no answer, and neither is one that did not arrive or a call in vain
    select
        touches.customer_id,
        max(touches.touched_at) as last_contact_at
    from {{ ref('touches') }} as touches
    cross join {{ ref('stg_run_context') }} as run_context
    where touches.direction = 'outbound'
        and touches.customer_id is not null
        and cast(touches.touched_at as date) <= run_context.as_of
        and coalesce(touches.is_reached, true)
        and (
            touches.channel in ('phone', 'visit')
            or (touches.campaign_id is null and coalesce(touches.is_delivered, true))
        )
    group by touches.customer_id

),

waiting as (

    select
        events.*,
        row_number() over (
            partition by events.customer_id, events.reason
            order by events.priority, events.happened_at desc, events.order_id, events.ticket_id, events.touch_id
        ) as newest_first
    from {{ ref('int_events_to_follow_up') }} as events
    left join personal_contacts on events.customer_id = personal_contacts.customer_id
    -- a request is done when it is closed, all else with the next personal contact
    where events.reason = 'open_ticket' or coalesce(personal_contacts.last_contact_at <= events.happened_at, true)

)

select
    waiting.customer_id,
    waiting.reason,
    waiting.order_id,
    waiting.ticket_id,
    waiting.touch_id,
    greatest(
        cast({{ dbt.dateadd('day', 'waiting.days_to_act', 'cast(waiting.happened_at as date)') }} as date), waiting.as_of
    ) as due_on,
    waiting.priority
from waiting
inner join {{ ref('customers') }} as customers on waiting.customer_id = customers.customer_id
where waiting.newest_first = 1
    -- thanks and questions are advertising in law; answers are not
    and (waiting.reason in ('open_ticket', 'unanswered_contact') or not customers.is_suppressed)
