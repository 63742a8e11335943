#!lua flags=allow-oom
-- Subtracts a part of a finished bucket from its window's sums.
-- KEYS[1] the partition's state
-- ARGV    window, horizon (the first minute that still counts), most members to subtract
-- It runs also when Redis is full, since it makes room.
-- From the first call on, late views before the horizon are not added to the window.
-- Returns {subtracted members, 1 if there is more}.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
local home = (string.gsub(base, 'rebuild:$', ''))  -- as in apply_views
local window, horizon, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if not (horizon and most and most >= 1) then return redis.error_reply('retire_buckets: wrong arguments') end
local stored = redis.call('HMGET', state, 'retired:' .. window, 'revision')
local retired, revision = tonumber(stored[1] or '0'), tonumber(stored[2] or '0')
local index = base .. 'buckets:' .. window
local oldest = redis.call('ZRANGE', index, 0, 0)[1]
if not oldest or tonumber(oldest) >= math.max(horizon, retired) then
  if horizon > retired then redis.call('HSET', state, 'retired:' .. window, horizon) end
  return {0, 0}
end

local bucket = base .. 'bucket:' .. window .. ':' .. oldest
local sums, aside, dirty = base .. 'sum:' .. window, base .. 'aside:' .. window, home .. 'dirty'
local taken = redis.call('ZRANGE', bucket, 0, most - 1, 'WITHSCORES')
local left = redis.call('ZCARD', bucket) - #taken / 2
local takes, changed = {}, {}
for _, key in ipairs({sums, aside}) do redis.call('ZCARD', key) end
redis.call('SCARD', dirty)
for i = 1, #taken, 2 do
  local article, n = taken[i], taken[i + 1]
  local place = redis.call('HGET', home .. 'article:' .. article, 'place') or ''
  local negated = string.sub(n, 1, 1) == '-' and string.sub(n, 2) or '-' .. n
  takes[#takes + 1] = {place == '' and aside or sums, negated, article}
  if place ~= '' then changed[#changed + 1] = article end
end

if horizon > retired then redis.call('HSET', state, 'retired:' .. window, horizon) end
-- A sum below zero stays: a later bucket of an adjustment takes it back.
for _, take in ipairs(takes) do
  if tonumber(redis.call('ZINCRBY', take[1], take[2], take[3])) == 0 then
    redis.call('ZREM', take[1], take[3])
  end
end
if #changed > 0 then redis.call('SADD', dirty, unpack(changed)) end
redis.call('ZREMRANGEBYRANK', bucket, 0, most - 1)
if left == 0 then redis.call('ZREM', index, oldest) end
redis.call('HSET', state, 'revision', revision + 1)
return {#taken / 2, 1}
