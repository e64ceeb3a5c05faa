-- grain: customer; everything about it on one wide row
with best_channels as (

    select
        customer_id,
        min_by(channel, rank) as best_channel
    from {{ ref('next_best_channel') }}
    where is_allowed
    group by customer_id

),

last_touches as (

    select
        customer_id,
        max(last_touched_at) as last_touched_at,
        max(last_engaged_at) as last_engaged_at,
        sum(touch_count) as touch_count,
        sum(engaged_count) as engaged_count
    from {{ ref('channel_engagement') }}
    group by customer_id

)

select
    -- who
    customers.customer_id,
    customers.kind,
    customers.first_name,
    customers.last_name,
    customers.company_name,
    customers.email,
    customers.phone,
    customers.street,
    customers.postcode,
    customers.city,
    customers.country,
    customers.language,
    customers.account_id,
    accounts.name as account_name,
    customers.first_seen_at,
    customers.last_seen_at,

    -- value
    features.is_buyer,
    features.order_count,
    features.first_order_on,
    features.last_order_on,
    features.net_revenue,
    features.margin,
    cast(features.average_order_value as decimal(18, 4)) as average_order_value,
    features.refund_rate,
    features.category_count,
    customer_values.p_alive,
    customer_values.expected_orders,
    customer_values.clv,
    customer_values.clv_low,
    customer_values.clv_high,
    customer_values.value_class,
    customer_values.churn_risk,
    customer_values.is_slipping,

    -- segment
    segments.recency_score,
    segments.frequency_score,
    segments.monetary_score,
    segments.rfm_segment,
    segments.behaviour_segment,
    segments.previous_rfm_segment,

    -- potential
    potentials.potential,
    potentials.exhaustion,
    potentials.verdict as potential_verdict,
    next_categories.category as next_category,

    -- contact
    best_channels.best_channel,
    customers.consent_email,
    customers.consent_phone,
    customers.consent_sms,
    customers.consent_post,
    customers.is_suppressed,
    cast(coalesce(last_touches.touch_count, 0) as bigint) as touch_count,
    cast(coalesce(last_touches.engaged_count, 0) as bigint) as engaged_count,
    last_touches.last_touched_at,
    last_touches.last_engaged_at
from {{ ref('customers') }} as customers
inner join {{ ref('customer_features') }} as features on customers.customer_id = features.customer_id
left join {{ ref('accounts') }} as accounts on customers.account_id = accounts.account_id
left join {{ ref('customer_value') }} as customer_values on customers.customer_id = customer_values.customer_id
left join {{ ref('customer_segments') }} as segments on customers.customer_id = segments.customer_id
left join {{ ref('customer_potential') }} as potentials
    on customers.customer_id = potentials.customer_id and potentials.category = '*'
left join {{ ref('next_categories') }} as next_categories
    on customers.customer_id = next_categories.customer_id and next_categories.rank = 1
left join best_channels on customers.customer_id = best_channels.customer_id
left join last_touches on customers.customer_id = last_touches.customer_id
