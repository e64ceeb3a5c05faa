-- grain: kind of segment x from x to; customers that are new since the earlier day come from no_segment
with moves as (

    select
        'rfm' as segmentation,
        previous_as_of,
        as_of,
        coalesce(previous_rfm_segment, 'no_segment') as from_segment,
        coalesce(rfm_segment, 'no_segment') as to_segment,
        customer_id
    from {{ ref('customer_segments') }}
    where previous_as_of is not null

    union all

    select
        'behaviour' as segmentation,
        previous_as_of,
        as_of,
        coalesce(previous_behaviour_segment, 'no_segment') as from_segment,
        coalesce(behaviour_segment, 'no_segment') as to_segment,
        customer_id
    from {{ ref('customer_segments') }}
    where previous_as_of is not null

)

select
    moves.segmentation,
    moves.from_segment,
    moves.to_segment,
    moves.previous_as_of,
    moves.as_of,
    count(*) as customer_count,
    cast(sum(features.net_revenue) as decimal(18, 4)) as net_revenue,
    moves.from_segment <> moves.to_segment as is_move
from moves
inner join {{ ref('customer_features') }} as features on moves.customer_id = features.customer_id
group by moves.segmentation, moves.from_segment, moves.to_segment, moves.previous_as_of, moves.as_of
