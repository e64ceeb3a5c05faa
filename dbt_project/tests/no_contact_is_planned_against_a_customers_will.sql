-- Nobody is contacted who has not agreed, is suppressed, is held out, or has an open complaint or follow-up.
select
    plan.customer_id,
    plan.channel
from {{ ref('contact_plan') }} as plan
inner join {{ ref('customers') }} as customers on plan.customer_id = customers.customer_id
left join {{ ref('service_followups') }} as followups on plan.customer_id = followups.customer_id
where plan.channel <> 'none'
    and (
        customers.is_suppressed
        or plan.arm = 'holdout'
        or followups.customer_id is not null
        or (plan.channel = 'email' and not coalesce(customers.consent_email, false))
        or (plan.channel = 'phone' and not coalesce(customers.consent_phone, false))
        or (plan.channel = 'sms' and not coalesce(customers.consent_sms, false))
        or (plan.channel = 'post' and not coalesce(customers.consent_post, true))
    )
