-- Grouping records into customers loses none of the customers that identity found.
select
    links.customer_id
from {{ ref('int_customer_links') }} as links
left join {{ ref('customers') }} as customers on links.customer_id = customers.customer_id
where customers.customer_id is null
