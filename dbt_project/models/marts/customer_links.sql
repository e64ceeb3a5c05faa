-- grain: source record, buyers who are contacts of the same shop included; what the next run knows customers again by
select * from {{ ref('int_customer_links') }}
