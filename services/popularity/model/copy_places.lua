-- Copies the sums of changed articles to the rankings of their places: section, tags, language.
-- KEYS[1] the partition's state
-- ARGV    most articles, windows ("1h 24h …"), half-life of trends (minutes)
-- Scores are copied whole, not added, so a repetition changes nothing. A trend is copied as its logarithm to base 2 plus
-- landmark / half-life, which no move of the landmark changes.
-- Returns the number of articles that still wait.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
local most, windows, half_life = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
if not (most and half_life) then return redis.error_reply('copy_places: wrong arguments') end
local articles = redis.call('SRANDMEMBER', base .. 'dirty', most)
if #articles == 0 then return 0 end

local wanted, left = {}, {}
for i, article in ipairs(articles) do
  local found = redis.call('HMGET', base .. 'article:' .. article, 'place', 'places', 'language', 'copied')
  local place, copied = found[1] or '', found[4] or ''
  local places = place == '' and '' or found[2] or 's:' .. place .. '\nl:' .. (found[3] or '')
  wanted[i], left[i] = {}, {}
  for name in string.gmatch(places, '[^\n]+') do wanted[i][name] = true end
  for name in string.gmatch(copied, '[^\n]+') do
    if not wanted[i][name] then left[i][name] = true end
  end
  if places ~= copied then redis.call('HSET', base .. 'article:' .. article, 'copied', places) end
end

local puts, takes = {}, {}
local function append(kind, key, ...)
  local list = kind[key] or {}
  for _, part in ipairs({...}) do list[#list + 1] = part end
  kind[key] = list
end
local function copy(source, scale)
  local scores = redis.call('ZMSCORE', source, unpack(articles))
  for i, article in ipairs(articles) do
    local score = scores[i] and scale(scores[i])
    for name in pairs(wanted[i]) do
      if score then append(puts, source .. ':' .. name, score, article) else append(takes, source .. ':' .. name, article) end
    end
    for name in pairs(left[i]) do append(takes, source .. ':' .. name, article) end
  end
end
for window in string.gmatch(windows, '%w+') do copy(base .. 'sum:' .. window, function(score) return score end) end
local shift = tonumber(redis.call('HGET', state, 'landmark') or '0') / half_life
copy(base .. 'trend', function(score)
  local n = tonumber(score)
  return n > 0 and string.format('%.17g', math.log(n) / math.log(2) + shift) or nil
end)

for key, list in pairs(puts) do redis.call('ZADD', key, unpack(list)) end
for key, list in pairs(takes) do redis.call('ZREM', key, unpack(list)) end
redis.call('SREM', base .. 'dirty', unpack(articles))
return redis.call('SCARD', base .. 'dirty')
