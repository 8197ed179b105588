#include "telemetry/process.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace tally::telemetry {

namespace {

constexpr std::size_t kFileBytesMax = 65'536;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string out(kFileBytesMax, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

std::optional<double> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end != text.data() ? std::optional(static_cast<double>(value))
                                                      : std::nullopt;
}

// What follows `key` on its line, without blanks before it.
std::string_view behind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return "";
  }
  text.remove_prefix(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// proc_pid_stat(5): field `number` of /proc/PID/stat, counted from 1. The second is the name in
// parentheses, which may hold blanks and parentheses itself.
std::optional<double> stat_field(const ProcessFiles& files, int number) {
  const std::string text = contents_of(files.self + "/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= number; ++i) {
    fields >> field;
  }
  return fields ? number_of(field) : std::nullopt;
}

std::optional<double> sum(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::optional(*a + *b) : std::nullopt;
}

std::optional<double> scaled(std::optional<double> value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

double ticks_a_second() { return static_cast<double>(::sysconf(_SC_CLK_TCK)); }

std::optional<double> open_files(const ProcessFiles& files) {
  std::error_code failure;
  double count = 0;
  for (auto entry = std::filesystem::directory_iterator(files.self + "/fd", failure);
       !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    ++count;
  }
  return failure ? std::nullopt : std::optional(count);
}

struct Row {
  SampledType type;
  const char* name;
  const char* help;
  std::optional<double> (*read)(const ProcessFiles&);
};
// The helps are those of the page.
constexpr Row kRows[] = {
    {SampledType::Counter, "process_cpu_seconds_total",
     "Total user and system CPU time spent in seconds.",
     [](const ProcessFiles& files) {
       return scaled(sum(stat_field(files, 14), stat_field(files, 15)), 1 / ticks_a_second());
     }},
    {SampledType::Gauge, "process_open_fds", "Number of open file descriptors.", open_files},
    {SampledType::Gauge, "process_max_fds", "Maximum number of open file descriptors.",
     [](const ProcessFiles& files) {
       return number_of(behind(contents_of(files.self + "/limits"), "Max open files"));
     }},
    {SampledType::Gauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.",
     [](const ProcessFiles& files) { return stat_field(files, 23); }},
    {SampledType::Gauge, "process_resident_memory_bytes", "Resident memory size in bytes.",
     [](const ProcessFiles& files) {
       return scaled(stat_field(files, 24), static_cast<double>(::sysconf(_SC_PAGESIZE)));
     }},
    {SampledType::Gauge, "process_start_time_seconds",
     "Start time of the process since unix epoch in seconds.",
     [](const ProcessFiles& files) {
       return sum(number_of(behind(contents_of(files.stat), "btime ")),
                  scaled(stat_field(files, 22), 1 / ticks_a_second()));
     }},
    {SampledType::Gauge, "process_threads", "Number of OS threads in the process.",
     [](const ProcessFiles& files) { return stat_field(files, 20); }},
};

}  // namespace

void register_process_metrics(Registry& registry, const ProcessFiles& files) {
  for (const Row& row : kRows) {
    registry.sampled(row.type, {.name = row.name, .help = row.help},
                     [files, read = row.read](Samples& samples) {
                       if (const auto value = read(files)) {
                         samples.add(*value);
                       }
                     });
  }
}

}  // namespace tally::telemetry
