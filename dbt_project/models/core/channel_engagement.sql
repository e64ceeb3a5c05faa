-- grain: customer x channel; counts are of the 365 days up to as_of
with touches as (

    select
        touches.*,
        touches.direction = 'outbound'
        and cast(touches.touched_at as date) > {{ dbt.dateadd('day', -365, 'run_context.as_of') }} as is_recent_send
    from {{ ref('touches') }} as touches
    cross join {{ ref('stg_run_context') }} as run_context
    where touches.customer_id is not null and cast(touches.touched_at as date) <= run_context.as_of

)

select
    customer_id,
    channel,
    count(*) filter (where is_recent_send) as touch_count,
    count(*) filter (where is_recent_send and is_delivered) as delivered_count,
    count(*) filter (where is_recent_send and is_delivered and is_engaged) as engaged_count,
    max(case when direction = 'outbound' then touched_at end) as last_touched_at,
    max(case when is_engaged then touched_at end) as last_engaged_at
from touches
group by customer_id, channel
