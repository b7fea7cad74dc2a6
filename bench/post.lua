-- The script of every wrk run. Arguments: EXPECT, and nothing more (GET the URL) or FILE and "loop" or "once".
--
-- EXPECT is what a right answer's body contains; every answer is looked at. FILE holds one request a line: the values of
-- the headers Authorization, Client-Cert and Counterfoil-Connection, empty for none, and the form body, none for a GET, with
-- tabs between them. "loop" walks through
-- it again and again; "once" never sends a line twice, and says so when it would have had to.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

local function prepared(line)
   local authorization, certificate, connection, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
   local headers = { ["Host"] = wrk.headers["Host"] }
   if authorization ~= "" then headers["Authorization"] = authorization end
   if certificate ~= "" then headers["Client-Cert"] = certificate end
   if connection ~= "" then headers["Counterfoil-Connection"] = connection end
   if body == "" then return wrk.format("GET", nil, headers) end
   headers["Content-Type"] = "application/x-www-form-urlencoded"
   return wrk.format("POST", nil, headers, body)
end

function init(args)
   exhausted, wrong = 0, 0
   local expect = args[1]
   function response(status, _, body)
      if status ~= 200 or not body:find(expect, 1, true) then wrong = wrong + 1 end
   end
   if not args[2] then return end -- without a global "request", wrk sends one static request: the cheapest way
   if args[3] == "once" then
      local file, last = assert(io.open(args[2])), nil
      request = function()
         local line = file:read("*l")
         if not line then
            exhausted = exhausted + 1
            return last
         end
         last = prepared(line)
         return last
      end
   else
      local all, at = {}, 0
      for line in io.lines(args[2]) do table.insert(all, prepared(line)) end
      request = function()
         at = at % #all + 1
         return all[at]
      end
   end
end

function done(summary, latency)
   local exhausted, wrong = 0, 0
   for _, thread in ipairs(threads) do
      exhausted, wrong = exhausted + thread:get("exhausted"), wrong + thread:get("wrong")
   end
   local e = summary.errors
   io.write(string.format(
      '\nRESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"exhausted":%d,"wrong":%d,' ..
      '"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), exhausted, wrong,
      e.connect, e.read, e.write, e.timeout))
end
