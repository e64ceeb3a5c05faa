-- grain: source system whose word counts more than that of others; the higher the number the more
select * from {{ source('raw', 'trust') }}
