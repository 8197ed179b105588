// Observed flows: any bytes are read, in one piece and in small ones, to the same flows and the
// same problems; every line is a flow, passed over, or a problem.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "flow/reader.hpp"

namespace {

using namespace tally;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

struct Seen {
  std::vector<std::string> flows;
  flow::FlowCounts counts;
  std::vector<std::string> problems;
};

std::string to_text(const flow::Party& party) {
  std::string text = std::string(party.name_space) + "/" + std::string(party.pod) + "/" +
                     std::string(party.workload);
  for (const auto& [key, value] : party.labels) {
    text.append(key).append("=").append(value);
  }
  return text.append(to_text(party.role));
}

Seen read(std::string_view text, std::size_t piece) {
  Seen seen;
  flow::FlowReader reader({.line_bytes = 4'096}, [&seen](const flow::Flow& flow) {
    seen.flows.push_back(to_text(flow.source) + ">" + to_text(flow.destination) + ":" +
                         std::to_string(flow.port) + "@" + std::to_string(flow.line));
  });
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(text.substr(at, piece));
  }
  reader.finish();
  seen.counts = reader.counts();
  for (const flow::FlowProblem& problem : reader.problems()) {
    require(problem.line >= 1 && !problem.message.empty());
    seen.problems.push_back(std::to_string(problem.line) + problem.message);
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const Seen whole = read(text, text.size());
  const Seen pieces = read(text, 1 + data[size - 1] % 64U);
  require(whole.flows == pieces.flows && whole.problems == pieces.problems);
  require(whole.counts.flows == whole.flows.size() && whole.counts.lines == pieces.counts.lines);
  require(whole.counts.problems >= whole.problems.size());
  return 0;
}
