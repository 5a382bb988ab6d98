-- wrk: posts the lines of the files given in turn, then prints one JSON line of figures.
local bodies, turn, refused = {}, 0, 0
local headers = {
  ["Content-Type"] = os.getenv("CONTENT_TYPE") or "application/json",
  ["Authorization"] = "Bearer " .. (os.getenv("TOKEN") or ""),
}
function init(files)
  for _, name in ipairs(files) do
    for line in io.lines(name) do
      -- A body of several lines is written with \r between them.
      bodies[#bodies + 1] = wrk.format("POST", nil, headers, (line:gsub("\r", "\n")))
    end
  end
end
function request()
  turn = turn % #bodies + 1
  return bodies[turn]
end
function done(summary, latency)
  print(string.format('{"requests": %d, "seconds": %.2f, "per_second": %.0f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}',
    summary.requests, summary.duration / 1e6, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
