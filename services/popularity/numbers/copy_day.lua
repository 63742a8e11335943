-- Copies a live day of a partition to the rebuild beside it, with the mark of the positions that it covers.
-- KEYS[1] the partition's state
-- ARGV    day, 1 to copy the sketches of visitors too
-- Returns the mark; empty when the day is not live.
local base = string.sub(KEYS[1], 1, -6)
local beside, day = base .. 'rebuild:', ARGV[1]
local mark = redis.call('HGET', base .. 'days', day)
if not mark then return '' end
local function copy(name)
  if redis.call('EXISTS', base .. name) == 1 then redis.call('COPY', base .. name, beside .. name, 'REPLACE') end
end
for _, kind in ipairs({'day:', 'hours:', 'scopes:', 'hosts:', 'dropped:'}) do copy(kind .. day) end
if ARGV[2] == '1' then
  local known = {}
  for _, field in ipairs(redis.call('HKEYS', base .. 'scopes:' .. day)) do
    local scope = string.match(field, '^(.*)|%d+|%a$')
    if scope and not known[scope] then
      known[scope] = true
      copy('visitors:' .. day .. ':' .. scope)
    end
  end
  for _, article in ipairs(redis.call('ZRANGE', base .. 'day:' .. day, 0, -1)) do copy('visitors:' .. day .. ':' .. article) end
end
redis.call('HSET', beside .. 'days', day, mark)
return mark
