-- Makes `log` the log of a partition's position. Counters stay.
-- The position in the former log is kept, so that two owners who see different brokers for a moment cannot send each other
-- back to the beginning of a half-applied log.
-- KEYS[1] the partition's state   KEYS[2] positions in former logs
-- ARGV    log, beginning; to start over in a recreated topic of the same name also the position and fingerprint as they
--         were read: another owner may have advanced, or started over, since
-- Returns {position, 1 if anything changed}.
local state, former = KEYS[1], KEYS[2]
local log, beginning, read_at, mark = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
if log == '' or not beginning or (read_at and not mark) then return redis.error_reply('adopt_log: wrong arguments') end
local stored = redis.call('HMGET', state, 'log', 'next', 'fingerprint')
local position = tonumber(stored[2])
local anew = read_at and stored[1] == log and position == read_at and (stored[3] or '') == mark
if position and (stored[1] == log or read_at) and not anew then return {position, 0} end
local was = redis.call('HMGET', former, log, log .. ' fingerprint')

if stored[1] and stored[1] ~= log then
  redis.call('HSET', former, stored[1], stored[2], stored[1] .. ' fingerprint', stored[3] or '')
end
local fingerprint = ''
if was[1] and not anew then
  beginning, fingerprint = tonumber(was[1]), was[2] or ''
end
-- Positions of two logs cannot be compared; pairs of epoch and position can.
redis.call('HINCRBY', state, 'epoch', 1)
redis.call('HSET', state, 'log', log, 'next', beginning, 'fingerprint', fingerprint)
return {beginning, 1}
