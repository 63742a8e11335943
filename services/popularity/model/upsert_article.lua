-- Stores one state of an article: its card, and the sums that hold its counts. Places get them from copy_places.
-- KEYS[1] the partition's state   KEYS[2] the article's card
-- ARGV    article, version, place (its section; empty if it is not ranked), places (lines: s:section, t:tag, l:language),
--         windows ("1h 24h …"), then the card's fields and values. Without a version it is an erasure: the stored version
--         stays, so that an old state cannot return.
-- Returns 1 if it was stored, 0 if this version or a newer one was known. A card from before places takes its version again.
local state, card = KEYS[1], KEYS[2]
local base = string.sub(state, 1, -6)
local article, version, place, places, windows = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
if #ARGV % 2 ~= 1 then return redis.error_reply('upsert_article: wrong arguments') end
local stored = redis.call('HMGET', card, 'version', 'place', 'places')
local known, was = tonumber(stored[1] or '0'), stored[2] or ''
if version and (version < known or version == known and stored[3]) then return 0 end

local moves = {}
local function move(from, to)
  for _, key in ipairs({from, to}) do redis.call('ZCARD', key) end
  local score = redis.call('ZSCORE', from, article)
  if score then moves[#moves + 1] = {from, to, score} end
end
if (was == '') ~= (place == '') then
  for window in string.gmatch(windows .. ' trend', '%w+') do
    -- Also those of a rebuild that is going on.
    for _, prefix in ipairs({base, base .. 'rebuild:'}) do
      local sums, aside = window == 'trend' and prefix .. 'trend' or prefix .. 'sum:' .. window, prefix .. 'aside:' .. window
      if place == '' then move(sums, aside) else move(aside, sums) end
    end
  end
end
local revisions = redis.call('HMGET', state, 'revision', 'cards')
local revision, cards = tonumber(revisions[1] or '0'), tonumber(revisions[2] or '0')
redis.call('SCARD', base .. 'dirty')

for _, m in ipairs(moves) do
  redis.call('ZREM', m[1], article)
  redis.call('ZADD', m[2], m[3], article)
end
if stored[3] ~= places or was ~= place then redis.call('SADD', base .. 'dirty', article) end
redis.call('HSET', state, 'revision', revision + 1, 'cards', cards + 1)
redis.call('HSET', card, 'version', version or known, 'place', place, 'places', places)
if #ARGV > 5 then redis.call('HSET', card, unpack(ARGV, 6)) end
return 1
