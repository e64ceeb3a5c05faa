-- grain: pair of source records x rule that ties them
select
    links.customer_id,
    evidence.source_system_l,
    evidence.entity_l,
    evidence.source_id_l,
    evidence.source_system_r,
    evidence.entity_r,
    evidence.source_id_r,
    evidence.rule,
    evidence.probability,
    evidence.agreements,
    evidence.differences
from {{ source('analytics', 'link_evidence') }} as evidence
inner join {{ ref('int_customer_links') }} as links
    on evidence.source_system_l = links.source_system
    and evidence.entity_l = links.entity
    and evidence.source_id_l = links.source_id
