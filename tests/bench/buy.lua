-- wrk: buys one ticket of the event demo with each request; with the argument "random-keys" under a key of
-- the client's own each. Ends with the line: duration (s), answers, those of 4xx and 5xx, broken
-- connections, p50 and p99 (ms). No function response(): it would cost the load more than the cluster.
wrk.method = "POST"
wrk.body = "event=demo&quantity=1"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

local function buy_under_a_key()
    wrk.headers["Idempotency-Key"] = string.format("%08x-%08x-%08x",
        math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1))
    return wrk.format()
end

function init(args)
    if args[1] == "random-keys" then
        local seed = io.open("/dev/urandom", "rb")
        math.randomseed(string.byte(seed:read(1)) * 65536 + os.time())
        request = buy_under_a_key
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("result %.6f %d %d %d %.4f %.4f\n", summary.duration / 1e6, summary.requests,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
