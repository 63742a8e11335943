-- Makes a log the one that a partition's position is in; the counters stay.
-- A log that was left is remembered with its position, so that two owners who see different brokers for a moment cannot
-- send each other back to the beginning of a log that is applied in part.
-- KEYS[1] the partition's state   KEYS[2] positions in the logs that were left
-- ARGV    log, beginning; to start over in a log of the same name (a topic that was recreated), the position and the
--         fingerprint at which it was looked at: another owner may have gone on, or started over, since
-- Answers {position, 1 if anything changed}.
local state, left = KEYS[1], KEYS[2]
local log, beginning, looked_at, mark = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
if log == '' or not beginning or (looked_at and not mark) then return redis.error_reply('adopt: wrong arguments') end
local stored = redis.call('HMGET', state, 'log', 'next', 'fingerprint')
local position = tonumber(stored[2])
local anew = looked_at and stored[1] == log and position == looked_at and (stored[3] or '') == mark
if position and (stored[1] == log or looked_at) and not anew then return {position, 0} end
local was = redis.call('HMGET', left, log, log .. ' fingerprint')

if stored[1] and stored[1] ~= log then
  redis.call('HSET', left, stored[1], stored[2], stored[1] .. ' fingerprint', stored[3] or '')
end
local fingerprint = ''
if was[1] and not anew then
  beginning, fingerprint = tonumber(was[1]), was[2] or ''
end
redis.call('HSET', state, 'log', log, 'next', beginning, 'fingerprint', fingerprint)
return {beginning, 1}
