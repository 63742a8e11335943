-- Applies one chunk of views to a partition's counters and advances its position, both or neither.
-- Redis runs a script alone but does not roll back a failed one. So the script first reads everything that can fail (a wrong
-- argument, a key of a wrong type), and writes the position last.
-- KEYS[1] the partition's state
-- ARGV    log, from, to, fingerprint, slot, spans ("1h:1 24h:60 …"), most sets of ids, most ids in a set, most hosts of a day,
--         half-life of trends (minutes), times ("minute:start of its hour:local day …"), ids (16 bytes each), rows (2 bytes
--         for each id: its index in the rows below, from 0), visitors (8 bytes for each id, zeros for none), then for each
--         row its article, minute, class, detail and section
-- Classes of rows: views that came from s search, o social, i the site itself, x another host (the detail) or n nowhere;
-- a an adjustment (the detail is its number of views); d a dropped view (the detail is its reason).
-- `ids` orders the sets of event ids by their last use, not by time: a clock that steps must not hide or drop a set. A set
-- holds the ids of one slot of log time; a slot with too many has several sets (`123`, `123.7`). Ids of adjustments are few and
-- sent again at any time: `adjusted` keeps them for ever.
-- Returns {"OK", next, counted, dropped}, {"ALREADY" | "GAP" | "WRONG_LOG", next, 0, 0} or {"UNKNOWN", 0, 0, 0}.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
-- A rebuild counts beside the live keys, under `rebuild:`. Cards are the live ones.
local home = (string.gsub(base, 'rebuild:$', ''))
local log, from, to, fingerprint = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local slot, spans, most_sets, most_ids = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local most_hosts, half_life, times = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
local ids, indexes, visitors = ARGV[12], ARGV[13], ARGV[14]
local FIRST_ROW, NOBODY = 15, string.rep('\0', 8)
local AT_ONCE = 1000  -- members of one command: Lua's stack holds 8,000 arguments
local count = #(ids or '') / 16
local most_rows = (#ARGV - FIRST_ROW + 1) / 5
if not (from and to and to > from and tonumber(slot) and most_sets and most_ids and most_hosts and half_life and visitors)
  or count % 1 ~= 0 or most_rows % 1 ~= 0 or #indexes ~= count * 2 or #visitors ~= count * 8 then
  return redis.error_reply('apply_views: wrong arguments')
end

local stored = redis.call('HMGET', state, 'log', 'next', 'revision', 'epoch', 'landmark', 'half_life')
local position, revision, epoch = tonumber(stored[2]), tonumber(stored[3] or '0'), stored[4] or '0'
if not stored[1] or not position then return {'UNKNOWN', 0, 0, 0} end
if stored[1] ~= log then return {'WRONG_LOG', position, 0, 0} end
if position >= to then return {'ALREADY', position, 0, 0} end
if position ~= from then return {'GAP', position, 0, 0} end

-- Find the new ids, and the count and the visitors of each row.
local given, seen = {}, {}
local held = redis.call('ZRANGE', base .. 'ids', 0, -1)
for i = 1, count do given[i] = string.sub(ids, i * 16 - 15, i * 16) end
if count > 0 then
  for _, name in ipairs(held) do
    local found = redis.call('SMISMEMBER', base .. 'ids:' .. name, unpack(given))
    for i = 1, count do if found[i] == 1 then seen[i] = true end end
  end
end
local counts, readers, adjusted = {}, {}, {}
for i = 1, count do
  local row, is_new = nil, not seen[i]
  if is_new then
    local high, low = string.byte(indexes, i * 2 - 1, i * 2)
    row = high * 256 + low
    if row >= most_rows then return redis.error_reply('apply_views: wrong arguments') end
    if ARGV[FIRST_ROW + row * 5 + 2] == 'a' then
      is_new = redis.call('SISMEMBER', base .. 'adjusted', given[i]) == 0
      if is_new then adjusted[#adjusted + 1] = given[i] end
    end
  end
  if is_new then
    counts[row] = (counts[row] or 0) + 1
    local visitor = string.sub(visitors, i * 8 - 7, i * 8)
    if visitor ~= NOBODY then
      local list = readers[row] or {}
      list[#list + 1], readers[row] = visitor, list
    end
  end
end

-- Collect the additions by key and member. The first use of a key reads it, so that a wrong type fails here.
local zsets, hashes, sketches, groups = {}, {}, {}, {}
local function bag(kind, reading, key)
  local sums = kind[key]
  if not sums then
    redis.call(reading, key)
    sums = {}
    kind[key] = sums
  end
  return sums
end
local function add(sums, member, n) sums[member] = (sums[member] or 0) + n end
-- `groups` are lists of readers. A sketch names, by their numbers, the groups that it gets.
local function sketch(key, number)
  local numbers = sketches[key]
  if not numbers then
    if redis.call('GETRANGE', key, 0, 3) ~= 'HYLL' and redis.call('STRLEN', key) > 0 then
      error('apply_views: ' .. key .. ' is not a HyperLogLog')
    end
    numbers = {}
    sketches[key] = numbers
  end
  numbers[#numbers + 1] = number
end

local windows, buckets, days = {}, {}, {}
-- An article without a place (withdrawn, or not known yet) counts in `aside`.
local ranked, aside = {all = bag(zsets, 'ZCARD', base .. 'sum:all')}, {all = bag(zsets, 'ZCARD', base .. 'aside:all')}
ranked.trend, aside.trend = bag(zsets, 'ZCARD', base .. 'trend'), bag(zsets, 'ZCARD', base .. 'aside:trend')
for window, size in string.gmatch(spans, '(%w+):(%d+)') do
  windows[#windows + 1] = {window, tonumber(size), tonumber(redis.call('HGET', state, 'retired:' .. window) or '0')}
  redis.call('ZCARD', base .. 'buckets:' .. window)
  ranked[window] = bag(zsets, 'ZCARD', base .. 'sum:' .. window)
  aside[window] = bag(zsets, 'ZCARD', base .. 'aside:' .. window)
end
-- The keys of each minute: made once, since strings cost most of a script's time.
local moments = {}
for minute, hour, day in string.gmatch(times, '(%d+):(%d+):(%S+)') do
  local moment = {minute = tonumber(minute), day = day, suffix = '|' .. hour .. '|', open = {}, articles = {}}
  for _, w in ipairs(windows) do
    local start = moment.minute - moment.minute % w[2]
    if start >= w[3] then moment.open[#moment.open + 1] = {w[1], start, base .. 'bucket:' .. w[1] .. ':' .. start} end
  end
  moments[minute] = moment
end

-- Trends are sums of 2^((minute - landmark) / half-life). The landmark moves here only after a long pause of the counter.
local landmark, moved_by = tonumber(stored[5]), nil
local newest = 0
for row in pairs(counts) do newest = math.max(newest, tonumber(ARGV[FIRST_ROW + row * 5 + 1]) or 0) end
if newest > 0 then
  if not landmark or tonumber(stored[6]) ~= half_life then
    landmark, moved_by = newest, 0
  elseif (newest - landmark) / half_life > 500 then
    moved_by = 2 ^ ((landmark - newest) / half_life)
    landmark = newest
  end
end

local cards, dirty, hosts = {}, {}, {}
redis.call('SCARD', home .. 'dirty')
local function card_of(article)
  local card = cards[article]
  if not card then
    local found = redis.call('HMGET', home .. 'article:' .. article, 'place', 'places', 'language')
    local place, scopes = found[1] or '', {'site'}
    local places = found[2] or found[3] and 'l:' .. found[3] or ''
    for scope in string.gmatch(place == '' and '' or places, '[^\n]+') do
      if string.sub(scope, 1, 2) ~= 's:' then scopes[#scopes + 1] = scope end
    end
    card = {place = place, scopes = scopes}
    cards[article] = card
  end
  return card
end
local function by_views(list)
  table.sort(list, function(one, other) return one[2] > other[2] or one[2] == other[2] and one[1] < other[1] end)
  return list
end

-- Rows of one article and minute are added up; so are those of one article, hour and class, and of one scope, hour and class.
local counted, dropped = 0, 0
local scopes = {}
for row, times_seen in pairs(counts) do
  local at = FIRST_ROW + row * 5
  local article, class, detail, section = ARGV[at], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local moment = moments[ARGV[at + 1]]
  if not moment or class == 'a' and not tonumber(detail) then return redis.error_reply('apply_views: wrong arguments') end
  local day = moment.day
  days[day] = true
  if class == 'd' then
    dropped = dropped + times_seen
    add(bag(hashes, 'HLEN', base .. 'dropped:' .. day), detail, times_seen)
  else
    counted = counted + times_seen
    local n, card, suffix = times_seen, card_of(article), moment.suffix .. class
    if class == 'a' then n, section = n * tonumber(detail), card.place end
    local views = moment.articles[article]
    if not views then
      views = {n = 0, read = 0, readers = {}}
      moment.articles[article] = views
    end
    views.n = views.n + n
    if class ~= 'a' then views.read = views.read + n end
    if class == 'x' and detail ~= '' then add(bag(hosts, 'HLEN', base .. 'hosts:' .. day), detail, n) end
    add(bag(hashes, 'HLEN', base .. 'hours:' .. day), article .. suffix, n)
    local of_day = scopes[day] or {}
    scopes[day] = of_day
    local sums = of_day[suffix] or {}
    of_day[suffix] = sums
    for _, scope in ipairs(card.scopes) do add(sums, scope, n) end
    if section ~= '' then add(sums, 's:' .. section, n) end
    local list = readers[row]
    if list then
      local group = views.readers[section]
      if group then
        for _, visitor in ipairs(list) do group[#group + 1] = visitor end
      else
        views.readers[section] = list
      end
    end
  end
end
for day, of_day in pairs(scopes) do
  local sums = bag(hashes, 'HLEN', base .. 'scopes:' .. day)
  for suffix, of_scope in pairs(of_day) do
    for scope, n in pairs(of_scope) do sums[scope .. suffix] = n end
  end
end

-- In a full day a new host takes the place of the one with the fewest views, if it has as many in this chunk; the other's views
-- go to `…`. So invented hosts with a view each keep no place from one that sends readers.
local removed = {}
for key, given in pairs(hosts) do
  local sums, left, fresh, known = bag(hashes, 'HLEN', key), most_hosts - redis.call('HLEN', key), {}, nil
  for host, n in pairs(given) do
    if redis.call('HEXISTS', key, host) == 1 then add(sums, host, n) else fresh[#fresh + 1] = {host, n} end
  end
  if #fresh > math.max(left, 0) then
    known = {}
    local found = redis.call('HGETALL', key)
    for i = 1, #found, 2 do
      if found[i] ~= '…' and not given[found[i]] then known[#known + 1] = {found[i], tonumber(found[i + 1])} end
    end
    by_views(known)
  end
  for _, pair in ipairs(by_views(fresh)) do
    local host, n = pair[1], pair[2]
    local last = left <= 0 and known[#known]
    if last and last[2] <= n then
      known[#known] = nil
      removed[#removed + 1] = {key, last[1]}
      add(sums, '…', last[2])
    elseif left <= 0 then
      host = '…'
    end
    left = left - 1
    add(sums, host, n)
  end
end

-- Readers of the last ten minutes, by Redis' clock: a log that is read again makes no keys of the past.
local now = math.floor(tonumber(redis.call('TIME')[1]) / 60)
local current = {}
for _, moment in pairs(moments) do
  local minute, of_day, filled = moment.minute, nil, {}
  for article, views in pairs(moment.articles) do
    local n = views.n
    local ranks = cards[article].place ~= ''
    local sums = ranks and ranked or aside
    if ranks then dirty[article] = true end
    of_day = of_day or bag(zsets, 'ZCARD', base .. 'day:' .. moment.day)
    add(of_day, article, n)
    add(sums.all, article, n)
    for i, open in ipairs(moment.open) do
      if not filled[i] then
        filled[i] = bag(zsets, 'ZCARD', open[3])
        buckets[open[3]] = open
      end
      add(sums[open[1]], article, n)
      add(filled[i], article, n)
    end
    local exponent = (minute - landmark) / half_life
    if views.read > 0 and exponent > -1000 then add(sums.trend, article, views.read * 2 ^ exponent) end
    local of_visitors = base .. 'visitors:' .. moment.day .. ':'
    for section, list in pairs(views.readers) do
      local number = #groups + 1
      groups[number] = list
      sketch(of_visitors .. article, number)
      for _, scope in ipairs(cards[article].scopes) do sketch(of_visitors .. scope, number) end
      if section ~= '' then sketch(of_visitors .. 's:' .. section, number) end
      if minute > now - 10 and minute < now + 10 then
        for _, key in ipairs({home .. 'readers:' .. minute, home .. 'readers:' .. minute .. ':s:' .. section}) do
          sketch(key, number)
          current[key] = true
        end
      end
    end
  end
end
local covers = {}
for day in pairs(days) do
  local first = string.match(redis.call('HGET', base .. 'days', day) or '', '^(%d+:%d+):') or epoch .. ':' .. ARGV[2]
  covers[day] = first .. ':' .. epoch .. ':' .. ARGV[3]
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

-- One command writes many sums: most of the time of a command is its call. `change` makes its arguments.
local function in_slices(sums, change)
  local names = {}
  for name in pairs(sums) do names[#names + 1] = name end
  for first = 1, #names, AT_ONCE do change({unpack(names, first, math.min(first + AT_ONCE - 1, #names))}) end
end
local fields = {}
for key, sums in pairs(hashes) do
  in_slices(sums, function(names)
    local args = {key}
    for i, value in ipairs(redis.call('HMGET', key, unpack(names))) do
      -- A value that is no number fails here.
      args[i * 2], args[i * 2 + 1] = names[i], tonumber(value or 0) + sums[names[i]]
    end
    fields[#fields + 1] = args
  end)
end
-- Sketches with the same groups: those of the site and of its only language, for example.
local alike = {}
for key, numbers in pairs(sketches) do
  local name = table.concat(numbers, ' ')
  local keys = alike[name] or {}
  keys[#keys + 1], keys.groups, alike[name] = key, numbers, keys
end

if moved_by then
  for _, key in ipairs({base .. 'trend', base .. 'aside:trend'}) do
    if moved_by == 0 then
      -- Another half-life: their copies in places leave too.
      for first = 0, redis.call('ZCARD', key) - 1, 1000 do
        redis.call('SADD', home .. 'dirty', unpack(redis.call('ZRANGE', key, first, first + 999)))
      end
      redis.call('UNLINK', key)
    else
      redis.call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', moved_by)
    end
  end
  redis.call('HSET', state, 'landmark', landmark, 'half_life', half_life)
end
for key, sums in pairs(zsets) do
  in_slices(sums, function(names)
    local args = {}
    for i, score in ipairs(redis.call('ZMSCORE', key, unpack(names))) do
      args[i * 2 - 1], args[i * 2] = tonumber(score or 0) + sums[names[i]], names[i]
    end
    redis.call('ZADD', key, unpack(args))
  end)
end
for _, pair in ipairs(removed) do redis.call('HDEL', pair[1], pair[2]) end
for _, args in ipairs(fields) do redis.call('HSET', unpack(args)) end
for _, keys in pairs(alike) do
  local list = groups[keys.groups[1]]
  if #keys.groups > 1 then
    list = {}
    for _, number in ipairs(keys.groups) do
      for _, visitor in ipairs(groups[number]) do list[#list + 1] = visitor end
    end
  end
  for _, key in ipairs(keys) do redis.call('PFADD', key, unpack(list)) end
end
for key in pairs(current) do redis.call('EXPIRE', key, 600) end
for _, open in pairs(buckets) do redis.call('ZADD', base .. 'buckets:' .. open[1], open[2], open[2]) end
for day, cover in pairs(covers) do redis.call('HSET', base .. 'days', day, cover) end
local changed = {}
for article in pairs(dirty) do changed[#changed + 1] = article end
if #changed > 0 then redis.call('SADD', home .. 'dirty', unpack(changed)) end
-- A repeated id is remembered again, so that a chain of retries is covered from its last one.
if count > 0 then
  redis.call('SADD', base .. 'ids:' .. set, unpack(given))
  redis.call('ZADD', base .. 'ids', turn, set)
  if #adjusted > 0 then redis.call('SADD', base .. 'adjusted', unpack(adjusted)) end
  for _, name in ipairs(redis.call('ZRANGE', base .. 'ids', 0, -1 - most_sets)) do
    redis.call('UNLINK', base .. 'ids:' .. name)
    redis.call('ZREM', base .. 'ids', name)
  end
end
if counted > 0 then revision = revision + 1 end
redis.call('HSET', state, 'revision', revision, 'next', to, 'fingerprint', fingerprint)
return {'OK', to, counted, dropped}
