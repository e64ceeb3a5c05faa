-- grain: event of a campaign at an address
-- Exports that overlap repeat events; all that tells two events apart is in the key, so grouping keeps one of each.
with source as (

    select * from {{ source('raw', 'email_events') }}

),

campaigns as (

    select
        campaign_name,
        {{ slug('campaign_name') }} as campaign_key
    from source
    group by campaign_name

),

renamed as (

    select
        -- ids
        source.source_system,
        campaigns.campaign_key,
        lower({{ trim_blanks('source.email') }}) as email,

        -- what
        source.event,
        source.bounce_kind,
        {{ clean_text('source.url') }} as url,

        -- when
        source.occurred_at
    from source
    inner join campaigns on source.campaign_name = campaigns.campaign_name

)

select
    source_system,
    campaign_key,
    email,
    event,
    min(bounce_kind) as bounce_kind, -- hard before soft
    url,
    occurred_at
from renamed
group by source_system, campaign_key, email, event, url, occurred_at
