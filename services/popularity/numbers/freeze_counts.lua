-- Copies a partition's sums, for a comparison with those of a rebuild at the same position.
-- KEYS[1] the partition's state
-- ARGV    windows ("1h 24h …")
-- The copies are `rebuild:live:sum:<window>` and `rebuild:live:aside:<window>`.
-- Returns {"OK" | "BEHIND" | "AHEAD" | "LOG" | "NONE" | "RETIRED", the live position}; RETIRED: finished buckets differ.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
local beside = base .. 'rebuild:'
local live = redis.call('HMGET', state, 'log', 'next')
local new = redis.call('HMGET', beside .. 'state', 'log', 'next')
local position = tonumber(live[2] or '0')
if not new[2] then return {'NONE', position} end
if new[1] ~= live[1] then return {'LOG', position} end
if tonumber(new[2]) < position then return {'BEHIND', position} end
if tonumber(new[2]) > position then return {'AHEAD', position} end
for window in string.gmatch(ARGV[1], '%w+') do
  local oldest = {}
  for i, prefix in ipairs({base, beside}) do
    oldest[i] = redis.call('ZRANGE', prefix .. 'buckets:' .. window, 0, 0)[1] or ''
  end
  if oldest[1] ~= oldest[2] then return {'RETIRED', position} end
end
for window in string.gmatch(ARGV[1], '%w+') do
  for _, kind in ipairs({'sum:', 'aside:'}) do
    redis.call('UNLINK', beside .. 'live:' .. kind .. window)
    if redis.call('EXISTS', base .. kind .. window) == 1 then
      redis.call('COPY', base .. kind .. window, beside .. 'live:' .. kind .. window)
    end
  end
end
return {'OK', position}
