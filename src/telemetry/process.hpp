#pragma once
// The process metrics that every exporter has
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), read from /proc
// when they are asked for: process_cpu_seconds_total, process_open_fds, process_max_fds,
// process_virtual_memory_bytes, process_resident_memory_bytes, process_start_time_seconds,
// process_threads. What cannot be read is left out. proc(5) says what the files hold.

#include <string>

#include "telemetry/registry.hpp"

namespace tally::telemetry {

struct ProcessFiles {
  std::string self = "/proc/self";
  std::string stat = "/proc/stat";  // btime: when the machine started
};

void register_process_metrics(Registry& registry, const ProcessFiles& files = {});

}  // namespace tally::telemetry
