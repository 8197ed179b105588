#pragma once
// Running one program and reading what it prints: no shell, standard input empty, a deadline and a
// limit of bytes.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace tally::input {

struct ProcessLimits {
  std::chrono::milliseconds time{60'000};
  std::size_t bytes = std::size_t{256}
                      << 20U;  // of standard output; of standard error 64 KiB are kept
};

struct ProcessOutput {
  int status = 0;  // exit code; 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

// The program is looked up in PATH. An error is about starting it, its time or its amount of
// output; a status that is not 0 is none. `environment`: set besides what this process has.
using ProcessEnvironment = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Result<ProcessOutput> run_process(const std::vector<std::string>& command,
                                                const ProcessLimits& limits = {},
                                                const ProcessEnvironment& environment = {});

}  // namespace tally::input
