#!lua flags=allow-oom
-- Replaces a partition's counts by those that a rebuild has made beside them, if these have caught up.
-- KEYS[1] the partition's state
-- ARGV    windows ("1h 24h …")
-- All keys are found by their indexes. The cost is that of some hundred renames, and of one for each article, or scope, and live
-- day with visitors (a microsecond each). Cards stay. The
-- former sums of all time are kept as `rebuild:former` and `rebuild:former-aside`, for the copies in places.
-- Returns {"OK" | "BEHIND" | "LOG" | "NONE", the live position}.
local state = KEYS[1]
local base = string.sub(state, 1, -6)
local beside = base .. 'rebuild:'
local live = redis.call('HMGET', state, 'log', 'next', 'revision')
local new = redis.call('HMGET', beside .. 'state', 'log', 'next')
local position = tonumber(live[2] or '0')
if not new[2] then return {'NONE', position} end
if new[1] ~= live[1] then return {'LOG', position} end
if tonumber(new[2]) < position then return {'BEHIND', position} end

-- Calls `act` with the name of each possible sketch of visitors below a prefix.
local function each_sketch(prefix, act)
  for _, day in ipairs(redis.call('HKEYS', prefix .. 'days')) do
    local known = {}
    for _, field in ipairs(redis.call('HKEYS', prefix .. 'scopes:' .. day)) do
      local scope = string.match(field, '^(.*)|%d+|%a$')
      if scope and not known[scope] then
        known[scope] = true
        act('visitors:' .. day .. ':' .. scope)
      end
    end
    for _, article in ipairs(redis.call('ZRANGE', prefix .. 'day:' .. day, 0, -1)) do act('visitors:' .. day .. ':' .. article) end
  end
end

-- Calls `act` with the name of each key of the counts below a prefix.
local function each(prefix, act)
  for window in string.gmatch(ARGV[1], '%w+') do
    for _, start in ipairs(redis.call('ZRANGE', prefix .. 'buckets:' .. window, 0, -1)) do
      act('bucket:' .. window .. ':' .. start)
    end
    for _, kind in ipairs({'buckets:', 'sum:', 'aside:'}) do act(kind .. window) end
  end
  for _, day in ipairs(redis.call('HKEYS', prefix .. 'days')) do
    for _, kind in ipairs({'day:', 'hours:', 'scopes:', 'hosts:', 'dropped:'}) do act(kind .. day) end
  end
  each_sketch(prefix, act)
  for _, set in ipairs(redis.call('ZRANGE', prefix .. 'ids', 0, -1)) do act('ids:' .. set) end
  for _, name in ipairs({'days', 'ids', 'trend', 'aside:trend'}) do act(name) end
end

local names = {}
each(beside, function(name) names[#names + 1] = name end)
for _, pair in ipairs({{'sum:all', 'former'}, {'aside:all', 'former-aside'}}) do
  if redis.call('EXISTS', base .. pair[1]) == 1 then redis.call('RENAME', base .. pair[1], beside .. pair[2]) end
end
local old = {}
each(base, function(name) old[#old + 1] = name end)
for _, name in ipairs(old) do redis.call('UNLINK', base .. name) end
for _, name in ipairs(names) do
  if redis.call('EXISTS', beside .. name) == 1 then redis.call('RENAME', beside .. name, base .. name) end
end
local fields = redis.call('HGETALL', beside .. 'state')
for i = 1, #fields, 2 do
  if fields[i] ~= 'revision' then redis.call('HSET', state, fields[i], fields[i + 1]) end
end
redis.call('HSET', state, 'revision', tonumber(live[3] or '0') + 1)
redis.call('SUNIONSTORE', base .. 'adjusted', base .. 'adjusted', beside .. 'adjusted')
redis.call('UNLINK', beside .. 'state', beside .. 'adjusted')
return {'OK', position}
