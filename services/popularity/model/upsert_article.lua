-- Stores one state of an article: its card, and the sums that hold its counts.
-- KEYS[1] the partition's state   KEYS[2] the article's card
-- ARGV    article, version, place (its section; empty if it is not ranked), windows ("1h 24h …"), then the card's
--         fields and values. Without a version it is an erasure: the stored version stays, so that an old state cannot
--         return.
-- Returns 1 if it was stored, 0 if this version or a newer one was known.
local state, card = KEYS[1], KEYS[2]
local base = string.sub(state, 1, -6)
local article, version, place, windows = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
if #ARGV % 2 ~= 0 then return redis.error_reply('upsert_article: wrong arguments') end
local stored = redis.call('HMGET', card, 'version', 'place')
local known, was = tonumber(stored[1] or '0'), stored[2] or ''
if version and version <= known then return 0 end

local moves = {}
for window in string.gmatch(windows, '%w+') do
  local sums, aside = base .. 'sum:' .. window, base .. 'aside:' .. window
  local from = was == '' and {aside} or {sums, sums .. ':' .. was}
  local to = place == '' and {aside} or {sums, sums .. ':' .. place}
  local score = redis.call('ZSCORE', from[1], article)
  for _, key in ipairs(from) do redis.call('ZCARD', key) end
  for _, key in ipairs(to) do redis.call('ZCARD', key) end
  if score and was ~= place then moves[#moves + 1] = {from, to, score} end
end
local revisions = redis.call('HMGET', state, 'revision', 'cards')
local revision, cards = tonumber(revisions[1] or '0'), tonumber(revisions[2] or '0')

for _, move in ipairs(moves) do
  for _, key in ipairs(move[1]) do redis.call('ZREM', key, article) end
  for _, key in ipairs(move[2]) do redis.call('ZADD', key, move[3], article) end
end
redis.call('HSET', state, 'revision', revision + 1, 'cards', cards + 1)
redis.call('HSET', card, 'version', version or known, 'place', place)
if #ARGV > 4 then redis.call('HSET', card, unpack(ARGV, 5)) end
return 1
