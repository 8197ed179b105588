#pragma once
// The options of netpol-analyzer's `list` and `diff`, under their names there (cmd list.go), and
// what an analysis says beside its result.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "network_policy/rule_form.hpp"
#include "scalar/connection_set.hpp"

namespace tally::reachability::netpol_analyzer {

enum class Format : std::uint8_t { Text, Csv, Json, Markdown, Dot };
// "txt", "csv", "json", "md", "dot"
[[nodiscard]] std::optional<Format> parse_format(std::string_view name) noexcept;

enum class ExplainOnly : std::uint8_t { Both, Allow, Deny };

struct ConnectionFocus {
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;

  // "tcp-80"
  [[nodiscard]] static Result<ConnectionFocus> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;  // "TCP 80"
};

struct Options {
  Format format = Format::Text;
  std::vector<std::string> focus_workloads;       // names, or namespace/name
  std::vector<std::string> focus_workload_peers;  // the other side
  std::optional<network_policy::Direction> focus_direction;
  std::optional<ConnectionFocus> focus_connection;
  ExplainOnly explain_only = ExplainOnly::Both;
  bool exposure = false;
  bool explain = false;
  bool multiple_networks = false;
};

// A warning, with the place that it is about where there is one.
struct Warning {
  std::string message;
  std::string file;
  Position at;

  // "file:line:column: message"
  [[nodiscard]] std::string to_string() const;
};

// Options that have no effect beside others are taken away with a warning, as upstream does.
void drop_idle_options(Options& options, std::vector<Warning>& warnings);

}  // namespace tally::reachability::netpol_analyzer
