-- Chooses the replica that answers a conversation: the one that knows it, while a slot is free there,
-- else the least busy. Of equals the first in an order that is each conversation's own (rendezvous
-- hashing) is taken, so that a gateway that starts anew leads most of them to who knows them. Without
-- a free slot none is chosen, and the prompt waits.
local slots = tonumber(os.getenv("OLLAMA_NUM_PARALLEL"))
local most_known = 10000
local known, count = {}, 0 -- the address of each conversation's replica

local function remember(conversation, address)
  if not known[conversation] then
    count = count + 1
  end
  if count > most_known then
    known, count = {}, 1
  end
  known[conversation] = address
end

-- Returns how many answers a server writes; nil for one that is down, has not yet told which model
-- it has, or has no free slot.
local function count_answers(server)
  local stats = server:get_stats()
  local answers = tonumber(stats.scur)
  local fits = stats.status:sub(1, 2) == "UP" and stats.check_status:find("L7OK")
  return fits and answers < slots and answers or nil
end

core.register_action("choose_replica", { "http-req" }, function(txn)
  local conversation = txn.sf:req_hdr("X-Conversation") or ""
  local least, most, chosen = slots, -1, nil
  for name, server in pairs(core.backends["replicas"].servers) do
    local address, answers = server:get_addr(), count_answers(server)
    if answers then
      local weight = txn.c:crc32(conversation .. address) % 2 ^ 32
      answers = known[conversation] == address and -1 or answers
      if answers < least or answers == least and weight > most then
        least, most, chosen = answers, weight, address
        txn:set_var("txn.replica", name)
      end
    end
  end
  if chosen then
    remember(conversation, chosen)
  end
end)
