-- grain: campaign x address that it was sent to; what people did is told from what machines did
with received as (

    select
        source_system,
        campaign_key,
        email,
        min(case when event = 'sent' then occurred_at end) as sent_event_at,
        min(occurred_at) as first_event_at,
        min(case when event = 'opened' then occurred_at end) as first_opened_at,
        max(case when event = 'opened' then occurred_at end) as last_opened_at,
        min(case when event = 'clicked' then occurred_at end) as first_clicked_at,
        max(case when event = 'clicked' then occurred_at end) as last_clicked_at,
        min(case when event = 'unsubscribed' then occurred_at end) as unsubscribed_at,
        coalesce(min(url) <> max(url), false) as has_several_links,
        bool_or(event = 'opened') as has_open,
        bool_or(event = 'clicked') as has_click,
        bool_or(event = 'bounced' and coalesce(bounce_kind, 'hard') = 'hard') as is_returned,
        coalesce(bool_or(event = 'bounced' and bounce_kind = 'hard'), false) as is_dead_address,
        bool_or(event = 'unsubscribed') as is_unsubscribed,
        bool_or(event = 'complained') as is_complained
    from {{ ref('stg_email_events') }}
    group by source_system, campaign_key, email

),

sent as (

    select
        received.*,
        coalesce(received.sent_event_at, campaigns.sent_at) as sent_at
    from received
    left join {{ ref('int_campaigns_dated') }} as campaigns
        on received.source_system = campaigns.source_system
        and received.campaign_key = campaigns.campaign_key

),

-- Without a send time nothing is known to be too fast for a person, and every comparison is null.
clicks as (

    select
        *,
        coalesce(
            first_clicked_at <= {{ dbt.dateadd('second', 5, 'sent_at') }}
            or (has_several_links and first_clicked_at <= {{ dbt.dateadd('second', 60, 'sent_at') }}),
            false
        ) as has_machine_click,
        {{ dbt.dateadd('second', 60, 'sent_at') }} as scanned_until,
        {{ dbt.dateadd('second', 10, 'sent_at') }} as prefetched_until
    from sent

),

-- Counts without a time repeat events that have one, so they only speak where no event has.
judged as (

    select
        *,
        case
            when last_clicked_at is null then has_click
            when has_machine_click then last_clicked_at > scanned_until
            else true
        end as has_human_click,
        case
            when last_opened_at is null then has_open and not has_machine_click
            when has_machine_click then last_opened_at > scanned_until
            else coalesce(last_opened_at > prefetched_until, true)
        end as has_human_open
    from clicks

)

select
    source_system,
    campaign_key,
    email,
    coalesce(sent_at, first_event_at) as touched_at,
    not is_returned as is_delivered,
    has_human_click or has_human_open as is_engaged,
    has_machine_click or (not has_click and coalesce(first_opened_at <= prefetched_until, false)) as is_machine,
    is_dead_address,
    is_complained,
    is_unsubscribed,
    unsubscribed_at
from judged
