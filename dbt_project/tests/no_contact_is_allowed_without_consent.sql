-- A no is a no; for e-mail, phone and text messages an unknown is a no as well.
select
    channels.customer_id,
    channels.channel
from {{ ref('next_best_channel') }} as channels
inner join {{ ref('customers') }} as customers on channels.customer_id = customers.customer_id
where channels.is_allowed
    and (
        customers.is_suppressed
        or (channels.channel = 'email' and not coalesce(customers.consent_email, false))
        or (channels.channel = 'phone' and not coalesce(customers.consent_phone, false))
        or (channels.channel = 'sms' and not coalesce(customers.consent_sms, false))
        or (channels.channel = 'post' and not coalesce(customers.consent_post, true))
    )
