-- Chooses the replica that answers a conversation: of those with a free slot the first in an order
-- that is each conversation's own (rendezvous hashing). So replicas that come and go move only the
-- conversations that were theirs. Without a free slot none is chosen, and the prompt waits.
local slots = tonumber(os.getenv("OLLAMA_NUM_PARALLEL"))

local function has_slot(server)
  local stats = server:get_stats()
  return stats.status:sub(1, 2) == "UP" and tonumber(stats.scur) < slots
end

core.register_action("choose_replica", { "http-req" }, function(txn)
  local conversation = txn.sf:req_hdr("X-Conversation") or ""
  local most = -1
  for name, server in pairs(core.backends["replicas"].servers) do
    local weight = txn.c:crc32(conversation .. server:get_addr()) % 2 ^ 32
    if weight > most and has_slot(server) then
      most = weight
      txn:set_var("txn.replica", name)
    end
  end
end)
