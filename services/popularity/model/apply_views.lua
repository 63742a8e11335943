-- Applies one chunk of views to a partition's counters and advances its position, both or neither.
-- Redis runs a script alone but does not roll back a failed one. So the script first reads everything that can fail (a wrong
-- argument, a key of a wrong type), and writes the position last.
-- KEYS[1] the partition's state
-- ARGV    log, from, to, fingerprint, slot, spans ("1h:1 24h:60 …"), most sets of ids, most ids in a set, ids (16 bytes
--         each), rows (2 bytes for each id: its index in the rows below, from 0), then for each row its article and its minute
-- `ids` orders the sets of event ids by their last use, not by time: a clock that steps must not hide or drop a set. A set
-- holds the ids of one slot of log time; a slot with too many has several sets (`123`, `123.7`).
-- Returns {"OK", next, counted}, {"ALREADY" | "GAP" | "WRONG_LOG", next, 0} or {"UNKNOWN", 0, 0}.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
local log, from, to, fingerprint = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local slot, spans, most_sets, most_ids = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local ids, indexes = ARGV[9], ARGV[10]
local most_rows = (#ARGV - 10) / 2
if not (from and to and to > from and tonumber(slot) and most_sets and most_ids and indexes) or #ids % 16 ~= 0 or #indexes * 8 ~= #ids then
  return redis.error_reply('apply_views: wrong arguments')
end

local stored = redis.call('HMGET', state, 'log', 'next', 'revision')
local position, revision = tonumber(stored[2]), tonumber(stored[3] or '0')
if not stored[1] or not position then return {'UNKNOWN', 0, 0} end
if stored[1] ~= log then return {'WRONG_LOG', position, 0} end
if position >= to then return {'ALREADY', position, 0} end
if position ~= from then return {'GAP', position, 0} end

-- Find the new ids, and the count of each row.
local count = #ids / 16
local given, seen = {}, {}
local held = redis.call('ZRANGE', base .. 'ids', 0, -1)
for i = 1, count do given[i] = string.sub(ids, i * 16 - 15, i * 16) end
if count > 0 then
  for _, name in ipairs(held) do
    local found = redis.call('SMISMEMBER', base .. 'ids:' .. name, unpack(given))
    for i = 1, count do if found[i] == 1 then seen[i] = true end end
  end
end
local counts, counted = {}, 0
for i = 1, count do
  if not seen[i] then
    local high, low = string.byte(indexes, i * 2 - 1, i * 2)
    local row = high * 256 + low
    if row >= most_rows then return redis.error_reply('apply_views: wrong arguments') end
    counts[row] = (counts[row] or 0) + 1
    counted = counted + 1
  end
end

-- Collect the additions. An article without a section (withdrawn, or not known yet) counts in `aside`.
local adds, checked, buckets, places, windows = {}, {}, {}, {}, {}
local function add(key, member, n)
  if not checked[key] then
    redis.call('ZCARD', key)
    checked[key] = true
  end
  adds[#adds + 1] = {key, n, member}
end
for window, size in string.gmatch(spans, '(%w+):(%d+)') do
  windows[#windows + 1] = {window, tonumber(size), tonumber(redis.call('HGET', state, 'retired:' .. window) or '0')}
  redis.call('ZCARD', base .. 'buckets:' .. window)
end
local function sum(window, article, place, n)
  if place == '' then return add(base .. 'aside:' .. window, article, n) end
  add(base .. 'sum:' .. window, article, n)
  add(base .. 'sum:' .. window .. ':' .. place, article, n)
end
for row, n in pairs(counts) do
  local article, minute = ARGV[11 + row * 2], tonumber(ARGV[12 + row * 2])
  if not minute then return redis.error_reply('apply_views: wrong arguments') end
  local place = places[article]
  if not place then
    place = redis.call('HGET', base .. 'article:' .. article, 'place') or ''
    places[article] = place
  end
  sum('all', article, place, n)
  for _, w in ipairs(windows) do
    local start = minute - minute % w[2]
    if start >= w[3] then
      sum(w[1], article, place, n)
      add(base .. 'bucket:' .. w[1] .. ':' .. start, article, n)
      buckets[w[1] .. ':' .. start] = {w[1], start}
    end
  end
end

-- Choose the set that takes the ids: the newest one of this slot that has room, else another one.
local latest = redis.call('ZRANGE', base .. 'ids', -1, -1, 'WITHSCORES')
local turn, set = tonumber(latest[2] or '0') + 1, nil
for i = #held, 1, -1 do
  if string.match(held[i], '^%d+') == slot then
    set = redis.call('SCARD', base .. 'ids:' .. held[i]) + count <= most_ids and held[i] or slot .. '.' .. turn
    break
  end
end
set = set or slot

for _, a in ipairs(adds) do redis.call('ZINCRBY', a[1], a[2], a[3]) end
for _, b in pairs(buckets) do redis.call('ZADD', base .. 'buckets:' .. b[1], b[2], b[2]) end
-- A repeated id is remembered again, so that a chain of retries is covered from its last one.
if count > 0 then
  redis.call('SADD', base .. 'ids:' .. set, unpack(given))
  redis.call('ZADD', base .. 'ids', turn, set)
  for _, name in ipairs(redis.call('ZRANGE', base .. 'ids', 0, -1 - most_sets)) do
    redis.call('UNLINK', base .. 'ids:' .. name)
    redis.call('ZREM', base .. 'ids', name)
  end
end
if counted > 0 then revision = revision + 1 end
redis.call('HSET', state, 'revision', revision, 'next', to, 'fingerprint', fingerprint)
return {'OK', to, counted}
