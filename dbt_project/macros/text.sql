{# Blanks at both ends taken off: spaces, tabs, line ends, no-break spaces. #}
{% macro trim_blanks(text) -%}
    {{ regexp_replace_all(text, '^[\\s\\x{00A0}]+|[\\s\\x{00A0}]+$', '') }}
{%- endmacro %}


{# Text without blanks around it; null where nothing is left. #}
{% macro clean_text(text) -%}
    nullif({{ trim_blanks(text) }}, '')
{%- endmacro %}


{# An e-mail address in lower case; null where the text does not look like one. #}
{% macro email_address(text) -%}
    case
        when {{ regexp_like(trim_blanks(text), '^[^@\\s,;]+@[^@\\s,;]+[.][^@\\s,;.]+$') }}
            then lower({{ trim_blanks(text) }})
    end
{%- endmacro %}


{# A phone number as exported, without any blanks. #}
{% macro phone_number(text) -%}
    nullif({{ regexp_replace_all(text, '[\\s\\x{00A0}]+', '') }}, '')
{%- endmacro %}


{# German letters in ASCII, all in lower case: one spelling for names that are written in several ways. #}
{% macro plain_letters(text) -%}
    replace(replace(replace(replace(lower({{ text }}), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss')
{%- endmacro %}


{# The name of a campaign as its key: a title and the file name made of it come out alike. Letters are those of any
   script; a title without letters and digits stands for itself. #}
{% macro slug(text) -%}
    coalesce(
        nullif(replace(trim({{ regexp_replace_all(plain_letters(text), '[^\\p{L}\\p{N}]+', ' ') }}), ' ', '-'), ''),
        {{ text }}
    )
{%- endmacro %}


{# The domain that somebody registered, out of a web or e-mail address: tee.co.uk of https://shop.tee.co.uk/a; null where
   there is none. Below some hosts each customer has a name of his own. #}
{% macro web_domain(text) -%}
    {%- set host = regexp_replace_all(
        'lower(' ~ trim_blanks(text) ~ ')', '^([a-z]+:/*)?([^/]*@)?|[/:?#,; ].*$|[.]$', ''
    ) -%}
    {%- set registries = '(ac|co|com|edu|gob|gov|gv|ltd|me|ne|net|or|org)[.][a-z][a-z]' -%}
    {%- set hosts = '(blogspot|jimdofree|jimdosite|myshopify|weebly|wixsite|wordpress)[.]com' -%}
    nullif({{ regexp_extract(
        regexp_replace_all(host, '[.]$', ''),
        '([^.]+[.](' ~ registries ~ '|' ~ hosts ~ ')|[^.]+[.][^.]+)$'
    ) }}, '')
{%- endmacro %}


{# The ISO 639-1 code of a language: by its name if the joined seed knows it, else the front of a code such as de-AT. #}
{% macro language_code(text, names) -%}
    coalesce(
        {{ names }}.language,
        case
            when {{ regexp_like('lower(' ~ trim_blanks(text) ~ ')', '^[a-z][a-z]([-_].*)?$') }}
                then substr(lower({{ trim_blanks(text) }}), 1, 2)
        end
    )
{%- endmacro %}


{# A short key made of text, always the same: 80 bits of its hash, so that a thousand million rows do not collide. #}
{% macro surrogate_key(text) -%}
    substr({{ dbt.hash(text) }}, 1, 20)
{%- endmacro %}
