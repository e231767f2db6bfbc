-- wrk: what each request is, by the first argument: "buy" buys one ticket of the event demo, "keys" does so
-- under a random Idempotency-Key each, "hold" holds one, "confirm" confirms the holds that the file named next
-- lists, one a line; "read" reads how many are left, "get" gets the path of the URL.
--
-- Ends with the line: result, seconds, answers, those of 4xx and 5xx, broken connections, p50 and p99 (ms).
-- There is no function response(): it would cost the load more than the cluster.
local function buy_under_a_key()
    wrk.headers["Idempotency-Key"] = string.format("%08x-%08x-%08x",
        math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1))
    return wrk.format()
end

-- Who comes after the last one asks for it again: that changes nothing.
local function confirm_those_in(path)
    local ids, next = {}, 0
    for id in io.lines(path) do
        ids[#ids + 1] = id
    end
    wrk.body = "payment=paid"
    return function()
        next = math.min(next + 1, #ids)
        return wrk.format(nil, "/holds/" .. ids[next] .. "/confirm")
    end
end

local function seed()
    local seed = 0
    for _, byte in ipairs({io.open("/dev/urandom", "rb"):read(6):byte(1, 6)}) do
        seed = seed * 256 + byte
    end
    math.randomseed(seed)
end

function init(args)
    if args[1] == "get" then
        return
    end
    if args[1] == "read" then
        wrk.path = "/events/demo"
        return
    end
    wrk.path = "/purchases"
    wrk.method = "POST"
    wrk.body = "event=demo&quantity=1"
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
    if args[1] == "hold" then
        wrk.path = "/holds"
    end
    if args[1] == "confirm" then
        request = confirm_those_in(args[2])
    end
    if args[1] == "keys" then
        seed()
        request = buy_under_a_key
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("result %.6f %d %d %d %.4f %.4f\n", summary.duration / 1e6, summary.requests,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
