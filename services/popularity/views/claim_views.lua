-- Claims views for their visitors: of a visitor's views of an article, the first within the time counts, and of one network's
-- only so many. A claim may be repeated: for a while the same event is no repeat of itself. Later it is one, since the counter
-- forgets its id.
-- KEYS[1] the names of the hashes of claims, ordered by their last use
-- ARGV    now, the time in which views repeat and the time in which an event may (seconds), most hashes, most entries of a
--         hash, most views of a network and of a wider network, then the views: for each 48 bytes, which are visitor today and
--         yesterday, network, wider network (8 bytes each, all of them with the article) and event (16 bytes)
-- A hash has the claims of a quarter of the time: visitor -> event and second, network -> number of views. When it is full,
-- another one begins, and the oldest goes: then the time is shorter.
-- Returns a letter a view: N claimed now, S claimed before by the same event, R repeat, C crowd.
local list, now, time, same_within = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local most_hashes, most_entries = tonumber(ARGV[4]), tonumber(ARGV[5])
local most_of_network, most_of_wider, views = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
if not (now and time and same_within and most_hashes and most_entries and most_of_network and most_of_wider and views) or #views % 48 ~= 0 then
  return redis.error_reply('claim_views: wrong arguments')
end

local number = math.floor(now / math.ceil(time / 4))
local slot = string.format('%d', number)
local held = redis.call('ZRANGE', list, 0, -1)
local latest = redis.call('ZRANGE', list, -1, -1, 'WITHSCORES')
local turn, own = tonumber(latest[2] or '0') + 1, nil
for i = #held, 1, -1 do
  if string.match(held[i], '^%d+') == slot then
    own = redis.call('HLEN', list .. ':' .. held[i]) + #views / 16 <= most_entries and held[i] or slot .. '.' .. turn
    break
  end
end
own = own or slot
local hashes = {list .. ':' .. own}
for i = #held, 1, -1 do
  local is_recent = math.abs(tonumber(string.match(held[i], '^%d+')) - number) <= 4
  if is_recent and held[i] ~= own and #hashes < most_hashes then hashes[#hashes + 1] = list .. ':' .. held[i] end
end

-- The status, and the views of the network and the wider one in the newest hash.
local function find(visitor, before, network, wider, event)
  local of_network, of_wider, newest = 0, 0, nil
  for _, hash in ipairs(hashes) do
    local found = redis.call('HMGET', hash, visitor, before, network, wider)
    newest = newest or found
    for i = 1, 2 do
      local age = found[i] and math.abs(now - struct.unpack('>I4', found[i], 17))
      if age and age < time then
        return string.sub(found[i], 1, 16) == event and age < same_within and 'S' or 'R'
      end
    end
    of_network = of_network + tonumber(found[3] or '0')
    of_wider = of_wider + tonumber(found[4] or '0')
  end
  local is_crowd = of_network >= most_of_network or of_wider >= most_of_wider
  return is_crowd and 'C' or 'N', tonumber(newest[3] or '0'), tonumber(newest[4] or '0')
end

local answers, claimed = {}, false
for at = 1, #views, 48 do
  local visitor, network, wider = string.sub(views, at, at + 7), string.sub(views, at + 16, at + 23), string.sub(views, at + 24, at + 31)
  local event = string.sub(views, at + 32, at + 47)
  local status, of_network, of_wider = find(visitor, string.sub(views, at + 8, at + 15), network, wider, event)
  if status == 'N' then
    local claim = event .. struct.pack('>I4', now)
    redis.call('HSET', hashes[1], visitor, claim, network, of_network + 1, wider, of_wider + 1)
    claimed = true
  end
  answers[#answers + 1] = status
end

if claimed then
  redis.call('EXPIRE', hashes[1], time * 2)
  redis.call('ZADD', list, turn, own)
  redis.call('EXPIRE', list, time * 2)
  for _, name in ipairs(redis.call('ZRANGE', list, 0, -1 - most_hashes)) do
    redis.call('UNLINK', list .. ':' .. name)
    redis.call('ZREM', list, name)
  end
end
return table.concat(answers)
