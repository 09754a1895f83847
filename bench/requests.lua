-- wrk's side of bench/load.py: reads the requests of a file, one a line, and sends them one after the other.

local requests = {}
local place = 0

function init(args)
    for line in io.lines(args[1]) do
        local method, path, headers, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
        local given = {}
        for name, value in headers:gmatch("([^:\31]+):([^\31]*)") do
            given[name] = value
        end
        if body == "" then
            body = nil
        end
        requests[#requests + 1] = wrk.format(method, path, given, body)
    end
    place = tonumber(args[2])
end

function request()
    place = place % #requests + 1
    return requests[place]
end

function done(summary, latency)
    local errors = summary.errors
    local faults = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format(
        '{"answers": %d, "seconds": %.6f, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration / 1e6, errors.status, faults
    ))
end
