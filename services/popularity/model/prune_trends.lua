#!lua flags=allow-oom
-- Moves the landmark of a partition's trends to the present when it is far away, and removes a part of the faded entries.
-- KEYS[1] the partition's state
-- ARGV    now (minute), half-life (minutes), farthest (half-lives between landmark and now), faded (views), most entries
-- A landmark that is ahead comes from a clock that was ahead: its views are infinite today, and leave.
-- Returns the number of removed entries.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
local now, half_life, farthest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local faded, most = tonumber(ARGV[4]), tonumber(ARGV[5])
if not (now and half_life and farthest and faded and most) then return redis.error_reply('prune_trends: wrong arguments') end
local stored = redis.call('HMGET', state, 'landmark', 'half_life', 'revision')
local landmark = tonumber(stored[1])
if not landmark or tonumber(stored[2]) ~= half_life then return 0 end
local trends = {base .. 'trend', base .. 'aside:trend'}
for _, key in ipairs(trends) do redis.call('ZCARD', key) end

if math.abs(now - landmark) > farthest * half_life then
  local scale = 2 ^ ((landmark - now) / half_life)
  if scale == math.huge then
    redis.call('UNLINK', unpack(trends))
  else
    for _, key in ipairs(trends) do
      redis.call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', string.format('%.17g', scale))
      redis.call('ZREMRANGEBYSCORE', key, '+inf', '+inf')
    end
  end
  landmark = now
  redis.call('HSET', state, 'landmark', landmark)
end
local least, removed = string.format('(%.17g', faded * 2 ^ ((now - landmark) / half_life)), 0
for index, key in ipairs(trends) do
  local found = redis.call('ZRANGEBYSCORE', key, '-inf', least, 'LIMIT', 0, most)
  if #found > 0 then
    redis.call('ZREM', key, unpack(found))
    if index == 1 then redis.call('SADD', base .. 'dirty', unpack(found)) end
    removed = removed + #found
  end
end
if removed > 0 then redis.call('HSET', state, 'revision', tonumber(stored[3] or '0') + 1) end
return removed
