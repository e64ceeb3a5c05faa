{# The joins that lead from a record of a CRM to its customer: by its contact, else by the address, else by the company.
   `record` is the alias of a relation with source_system, contact_source_id, contact_email and company_source_id. #}
{% macro joined_customer(record) -%}
    left join {{ ref('int_customer_links') }} as contacts
        on contacts.entity = 'contacts'
        and {{ record }}.source_system = contacts.source_system
        and {{ record }}.contact_source_id = contacts.source_id
    left join {{ ref('int_addresses_linked') }} as addresses on {{ record }}.contact_email = addresses.email
    left join {{ ref('int_customer_links') }} as companies
        on companies.entity = 'accounts'
        and {{ record }}.source_system = companies.source_system
        and {{ record }}.company_source_id = companies.source_id
{%- endmacro %}


{# The customer of a record, beside `joined_customer`. #}
{% macro customer_of_record() -%}
    coalesce(contacts.customer_id, addresses.customer_id, companies.customer_id)
{%- endmacro %}
