#pragma once
// Reader of observed flows, line by line, so that a file may be larger than memory:
//
//   FlowReader reader({}, [&](const Flow& flow) { set.add(flow); });
//   while (more) reader.feed(bytes);
//   reader.finish();
//
// Formats, told apart by the first line that is not blank:
//   Hubble     `hubble observe -o jsonpb` (or -o json): one JSON object a line, with the flow under
//              "flow" or at the top (cilium/cilium api/v1/flow/flow.proto)
//   Calico     flow logs: one JSON object a line, with the names of Calico Enterprise
//   (source_name_aggr)
//              or of Goldmane (sourceName)
//   Istio      access logs: the default text format, or its JSON with the same names
//              (istio.io/latest/docs/tasks/observability/logs/access-log)
//   Csv        header source,destination,protocol,port[,time][,verdict][,count]; a side is
//              "namespace/name", "name", an address, or the name of a role ("world")
//
// A line that cannot be read is a problem with its number, and the rest is read.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "flow/flow.hpp"

namespace tally::flow {

enum class Format : std::uint8_t { Unknown, Hubble, Calico, Istio, Csv };
// "hubble", "calico", "istio", "csv", "unknown"
[[nodiscard]] std::string_view to_text(Format format) noexcept;

struct FlowLimits {
  std::size_t line_bytes = std::size_t{1} << 20U;
  std::uint64_t lines = 1'000'000'000;
  std::uint32_t problems = 100;  // kept; the others are counted
  std::uint32_t depth = 50;      // of JSON
  std::uint32_t nodes = 100'000;
};

struct FlowProblem {
  std::uint64_t line = 0;
  std::string message;
};

struct FlowCounts {
  std::uint64_t lines = 0;        // that are not blank
  std::uint64_t flows = 0;        // handed over
  std::uint64_t passed_over = 0;  // replies, and records of other things
  std::uint64_t problems = 0;
};

class FlowReader {
 public:
  using Sink = std::function<void(const Flow&)>;
  FlowReader(const FlowLimits& limits, Sink sink) : limits_(limits), sink_(std::move(sink)) {}

  void feed(std::string_view bytes);
  // The last line, if it has no newline.
  void finish();

  [[nodiscard]] Format format() const noexcept { return format_; }
  [[nodiscard]] const FlowCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::span<const FlowProblem> problems() const noexcept { return problems_; }

 private:
  void take_line(std::string_view line);
  void problem(std::string message);

  FlowLimits limits_;
  Sink sink_;
  Format format_ = Format::Unknown;
  FlowCounts counts_;
  std::vector<FlowProblem> problems_;
  std::string rest_;          // of a line whose end has not come
  bool is_skipping_ = false;  // the rest of a line that is too long
  bool has_ended_ = false;    // too many lines, or a header that cannot be read
  std::uint64_t line_ = 0;
  std::vector<std::string> columns_;  // of a CSV
  Arena arena_;
};

}  // namespace tally::flow
