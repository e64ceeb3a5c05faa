-- grain: campaign key of a source system; a title that was used for several mailings has no single date
select
    source_system,
    campaign_key,
    case when count(distinct sent_at) = 1 then min(sent_at) end as sent_at
from {{ ref('stg_campaigns') }}
where campaign_key is not null
group by source_system, campaign_key
