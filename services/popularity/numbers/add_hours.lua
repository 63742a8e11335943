-- Adds rolled-up views of one article to the sums of a rebuild: to the ranked ones, or aside, as the article is at this moment.
-- KEYS[1] the rebuild's state   KEYS[2] the article's card
-- ARGV    article, then pairs of a window or `trend`, and the number to add
local base = string.sub(KEYS[1], 1, -6)
local article, place = ARGV[1], redis.call('HGET', KEYS[2], 'place') or ''
if #ARGV % 2 ~= 1 then return redis.error_reply('add_hours: wrong arguments') end
for i = 2, #ARGV, 2 do
  local ranked = ARGV[i] == 'trend' and 'trend' or 'sum:' .. ARGV[i]
  redis.call('ZINCRBY', base .. (place == '' and 'aside:' .. ARGV[i] or ranked), ARGV[i + 1], article)
end
return 1
