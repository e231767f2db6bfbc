-- wrk: buys one ticket of the event demo with each request, and counts the answers by status.
wrk.method = "POST"
wrk.body = "event=demo&quantity=1"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

local threads = {}
function setup(thread)
    table.insert(threads, thread)
end
function init()
    sold, other = 0, 0
end
function response(status)
    if status == 201 then sold = sold + 1 else other = other + 1 end
end
function done(summary, latency)
    local sales, others = 0, 0
    for _, thread in ipairs(threads) do
        sales = sales + thread:get("sold")
        others = others + thread:get("other")
    end
    io.write(string.format("201: %d  other: %d  sales/s: %.0f  p50 %.2f ms  p99 %.2f ms\n", sales, others,
        sales / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
