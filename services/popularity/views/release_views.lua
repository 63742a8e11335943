-- Gives claims back: their views were not sent. A claim that another event has taken stays.
-- KEYS[1] the names of the hashes of claims; ARGV[1] views, as in claim_views
local list, views = KEYS[1], ARGV[1]
if not views or #views % 48 ~= 0 then return redis.error_reply('release_views: wrong arguments') end
for _, name in ipairs(redis.call('ZRANGE', list, 0, -1)) do
  local hash = list .. ':' .. name
  for at = 1, #views, 48 do
    local visitor = string.sub(views, at, at + 7)
    local found = redis.call('HGET', hash, visitor)
    if found and string.sub(found, 1, 16) == string.sub(views, at + 32, at + 47) then
      redis.call('HDEL', hash, visitor)
      redis.call('HINCRBY', hash, string.sub(views, at + 16, at + 23), -1)
      redis.call('HINCRBY', hash, string.sub(views, at + 24, at + 31), -1)
    end
  end
end
