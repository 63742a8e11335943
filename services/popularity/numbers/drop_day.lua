#!lua flags=allow-oom
-- Deletes a day of a partition after it was stored elsewhere, in steps. Runs also when Redis is full, since it makes room.
-- KEYS[1] the partition's state
-- ARGV    day, mark (as it was when the day was read; empty to go on with a begun deletion), most articles a step, then the
--         scopes of the day
-- The first step takes all counts of the day away at once; further ones delete the sketches of its articles. A sketch of an
-- article that got a late view meanwhile stays: it belongs to the new counts of the day.
-- Returns {1 if the day was deleted or its deletion goes on, 1 if there is more}.
local base = string.sub(KEYS[1], 1, -6)
local day, mark, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not (day and mark and most and most >= 1) then return redis.error_reply('drop_day: wrong arguments') end
local articles, leaving = base .. 'day:' .. day, base .. 'leaving:' .. day

if mark ~= '' then
  if redis.call('HGET', base .. 'days', day) ~= mark or redis.call('EXISTS', leaving) == 1 then return {0, 0} end
  for i = 4, #ARGV do redis.call('UNLINK', base .. 'visitors:' .. day .. ':' .. ARGV[i]) end
  for _, kind in ipairs({'hours:', 'scopes:', 'hosts:', 'dropped:'}) do redis.call('UNLINK', base .. kind .. day) end
  if redis.call('EXISTS', articles) == 1 then
    redis.call('RENAME', articles, leaving)
    redis.call('SADD', base .. 'leaving', day)
  end
  redis.call('HDEL', base .. 'days', day)
end

for _, article in ipairs(redis.call('ZRANGE', leaving, 0, most - 1)) do
  if not redis.call('ZSCORE', articles, article) then
    redis.call('UNLINK', base .. 'visitors:' .. day .. ':' .. article)
  end
end
redis.call('ZREMRANGEBYRANK', leaving, 0, most - 1)
local more = redis.call('EXISTS', leaving)
if more == 0 then redis.call('SREM', base .. 'leaving', day) end
return {1, more}
