-- grain: campaign x address that it was sent to; what people did is told from what machines did
with weighed as (

    select
        mailings.*,
        -- a proxy has mostly come within hours; who opens later behind one is rather the person himself
        case
            when mailings.has_machine_click then 0.99
            when not mailings.has_open then 0.0
            when not mailings.has_click and mailings.first_opened_at <= mailings.prefetched_until then 0.97
            else
                coalesce(readers.proxy_probability, 0.0) * case
                    when mailings.seconds_to_open is null then 0.9
                    when mailings.seconds_to_open <= 3600 then 0.99
                    when mailings.seconds_to_open <= 10800 then 0.93
                    when mailings.seconds_to_open <= 43200 then 0.7
                    else 0.3
                end
        end as machine_probability
    from {{ ref('int_mailings_received') }} as mailings
    left join {{ ref('int_readers_judged') }} as readers
        on mailings.source_system = readers.source_system
        and mailings.email = readers.email

),

-- Counts without a time repeat events that have one, so they only speak where no event has.
judged as (

    select
        *,
        machine_probability >= 0.5 as is_machine,
        case
            when last_clicked_at is null then has_click
            when has_machine_click then last_clicked_at > scanned_until
            else true
        end as has_human_click,
        case
            when last_opened_at is null then has_open and machine_probability < 0.5
            when has_machine_click then last_opened_at > scanned_until
            when first_opened_at <= prefetched_until then last_opened_at > prefetched_until
            -- a proxy fetches once, so a second open is somebody's
            when machine_probability >= 0.5 then last_opened_at > {{ dbt.dateadd('hour', 1, 'first_opened_at') }}
            else true
        end as has_human_open
    from weighed

)

select
    source_system,
    campaign_key,
    email,
    coalesce(sent_at, first_event_at) as touched_at,
    not is_returned as is_delivered,
    has_human_click or has_human_open as is_engaged,
    has_human_open,
    has_human_click,
    is_machine,
    round(machine_probability, 3) as machine_probability,
    is_dead_address,
    is_complained,
    is_unsubscribed,
    unsubscribed_at
from judged
