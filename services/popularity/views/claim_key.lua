-- Binds an Idempotency-Key to a request, unless it is bound already or there are too many.
-- KEYS    the hashes of bound keys: of this half day, then of the ones before
-- ARGV    key, request and visitor (digests), most keys of a visitor, most entries, the time at which the hash expires
-- Returns {"BOUND", value}, {"VISITOR", ""} (too many of this visitor) or {"FULL", ""}. A value is the request's digest, and
-- after it 1 once the request was acknowledged.
local key, request, visitor = 'k' .. ARGV[1], ARGV[2], 'v' .. ARGV[3]
local most_of_visitor, most, expires = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if not (most_of_visitor and most and expires) then return redis.error_reply('claim_key: wrong arguments') end
for _, hash in ipairs(KEYS) do
  local was = redis.call('HGET', hash, key)
  if was then return {'BOUND', was} end
end
if tonumber(redis.call('HGET', KEYS[1], visitor) or '0') >= most_of_visitor then return {'VISITOR', ''} end
if redis.call('HLEN', KEYS[1]) >= most then return {'FULL', ''} end
redis.call('HSET', KEYS[1], key, request)
redis.call('HINCRBY', KEYS[1], visitor, 1)
redis.call('EXPIREAT', KEYS[1], expires)
return {'BOUND', request}
