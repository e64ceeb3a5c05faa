-- grain: one contact with one customer, either way, with the purchase that came after it
with purchases as (

    select
        links.customer_id,
        orders.order_id,
        orders.ordered_at,
        orders.ordered_on
    from {{ ref('int_orders_valued') }} as orders
    inner join {{ ref('int_customer_links') }} as links
        on links.entity = 'orders'
        and orders.source_system = links.source_system
        and orders.buyer_source_id = links.source_id
    where orders.is_purchase and not orders.is_test

    union all

    select
        customer_id,
        order_id,
        ordered_at,
        ordered_on
    from {{ ref('int_deals_won') }}

),

-- an export that names the day alone calls it midnight: such an order may well have followed a contact of that day
dated as (

    select
        purchases.customer_id,
        purchases.order_id,
        case
            when purchases.ordered_at = cast(purchases.ordered_on as timestamp)
                then {{ dbt.dateadd('day', 1, 'purchases.ordered_at') }}
            else purchases.ordered_at
        end as ordered_by
    from purchases
    cross join {{ ref('stg_run_context') }} as run_context
    where purchases.ordered_on <= run_context.as_of

),

followed as (

    select
        contacts.touch_id,
        dated.order_id,
        row_number() over (partition by contacts.touch_id order by dated.ordered_by, dated.order_id) as nearest_first
    from {{ ref('int_contacts_made') }} as contacts
    inner join dated
        on contacts.customer_id = dated.customer_id
        and dated.ordered_by > contacts.touched_at
        and dated.ordered_by <= {{ dbt.dateadd('day', 30, 'contacts.touched_at') }}

)

select
    contacts.*,
    followed.order_id as next_order_id
from {{ ref('int_contacts_made') }} as contacts
left join followed on contacts.touch_id = followed.touch_id and followed.nearest_first = 1
