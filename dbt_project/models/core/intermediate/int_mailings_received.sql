-- grain: campaign x address that it was sent to; when it was sent, what came of it, and what was too fast for a person
{{ config(materialized='table') }}

with events as (

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

clicks as (

    select
        source_system,
        campaign_key,
        email,
        url,
        occurred_at,
        min(occurred_at) over (partition by source_system, campaign_key, email) as first_clicked_at
    from {{ ref('stg_email_events') }}
    where event = 'clicked' and occurred_at is not null

),

-- Nobody follows three links within ten seconds: that is a scanner, whenever it comes.
bursts as (

    select
        source_system,
        campaign_key,
        email,
        count(distinct url) >= 3 as is_burst
    from clicks
    where occurred_at <= {{ dbt.dateadd('second', 10, 'first_clicked_at') }}
    group by source_system, campaign_key, email

),

sent as (

    select
        events.*,
        coalesce(events.sent_event_at, campaigns.sent_at) as sent_at,
        coalesce(bursts.is_burst, false) as is_burst
    from events
    left join {{ ref('int_campaigns_dated') }} as campaigns
        on events.source_system = campaigns.source_system
        and events.campaign_key = campaigns.campaign_key
    left join bursts
        on events.source_system = bursts.source_system
        and events.campaign_key = bursts.campaign_key
        and events.email = bursts.email

)

-- Without a send time nothing but a burst is known to be too fast for a person, and every comparison is null.
select
    *,
    coalesce(
        is_burst
        or first_clicked_at <= {{ dbt.dateadd('second', 5, 'sent_at') }}
        or (has_several_links and first_clicked_at <= {{ dbt.dateadd('second', 60, 'sent_at') }}),
        false
    ) as has_machine_click,
    coalesce(
        case when is_burst then {{ dbt.dateadd('second', 60, 'first_clicked_at') }} end,
        {{ dbt.dateadd('second', 60, 'sent_at') }}
    ) as scanned_until,
    {{ dbt.dateadd('second', 10, 'sent_at') }} as prefetched_until,
    case when first_opened_at >= sent_at then {{ dbt.datediff('sent_at', 'first_opened_at', 'second') }} end
        as seconds_to_open
from sent
