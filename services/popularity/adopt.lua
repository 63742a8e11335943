-- Makes a log the one that a partition's position is in; the counters stay.
-- A log that was left is remembered with its position, so that two owners who see different brokers for a moment cannot
-- send each other back to the beginning of a log that is applied in part.
-- KEYS[1] the partition's state   KEYS[2] positions in the logs that were left
-- ARGV    log, beginning, "anew" to start at the beginning of a log of the same name (a topic that was recreated)
-- Answers {position, 1 if anything changed}.
local state, left = KEYS[1], KEYS[2]
local log, beginning, anew = ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'anew'
if log == '' or not beginning then return redis.error_reply('adopt: wrong arguments') end
local stored = redis.call('HMGET', state, 'log', 'next', 'fingerprint')
local position = tonumber(stored[2])
if stored[1] == log and position and not anew then return {position, 0} end
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
