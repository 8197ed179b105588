#include "reachability/netpol_analyzer/options.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace tally::reachability::netpol_analyzer {

std::optional<Format> parse_format(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, Format>, 5> kFormats{{{"txt", Format::Text},
                                                                         {"csv", Format::Csv},
                                                                         {"json", Format::Json},
                                                                         {"md", Format::Markdown},
                                                                         {"dot", Format::Dot}}};
  for (const auto& [known, format] : kFormats) {
    if (name == known) {
      return format;
    }
  }
  return std::nullopt;
}

Result<ConnectionFocus> ConnectionFocus::parse(std::string_view text) {
  const std::string prefix = "invalid focus connection value: " + std::string(text) + "; ";
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find('-', dash + 1) != std::string_view::npos) {
    return content_error(prefix + "must be <protocol-port> format, such as tcp-80");
  }
  const auto protocol = scalar::parse_protocol(text.substr(0, dash));
  if (!protocol || *protocol == scalar::Protocol::Icmp || *protocol == scalar::Protocol::Icmp6) {
    return content_error(prefix + "unknown protocol: " + std::string(text.substr(0, dash)) +
                         ", expected tcp, udp or sctp");
  }
  const std::string_view number = text.substr(dash + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (error != std::errc() || end != number.data() + number.size() || port < scalar::kPortMin ||
      port > scalar::kPortMax) {
    return content_error(prefix + "invalid port number: " + std::string(number) +
                         ", expected 1 to 65535");
  }
  return ConnectionFocus{.protocol = *protocol, .port = static_cast<std::uint16_t>(port)};
}

std::string ConnectionFocus::to_string() const {
  return std::string(scalar::protocol_name(protocol)) + " " + std::to_string(port);
}

std::string Warning::to_string() const {
  return Error{.kind = ErrorKind::Content, .message = message, .file = file, .at = at, .hint = {}}
      .to_string();
}

void drop_idle_options(Options& options, std::vector<Warning>& warnings) {
  const auto warn = [&](std::string message) {
    warnings.push_back({.message = std::move(message), .file = {}, .at = {}});
  };
  if (options.explain && options.format != Format::Text) {
    warn("explainability is available only with txt format; the list is printed without it");
  }
  if (options.focus_workloads.empty() && options.focus_direction) {
    warn("focus-direction may be used only with focusworkload flag, will be ignored");
  }
  if (options.focus_workloads.empty() && !options.focus_workload_peers.empty()) {
    warn("focusworkload-peer may be used only with focusworkload flag, will be ignored");
  }
  const auto drop_exposure = [&](std::string_view first, std::string_view second) {
    options.exposure = false;
    warn("exposure analysis is not relevant when both " + std::string(first) + " and " +
         std::string(second) + " are used; exposure flag will be ignored");
  };
  if (!options.focus_workloads.empty() && !options.focus_workload_peers.empty() &&
      options.exposure) {
    drop_exposure("focusworkload", "focusworkload-peer");
  }
  if (!options.explain && options.explain_only != ExplainOnly::Both) {
    options.explain_only = ExplainOnly::Both;
    warn("explain-only may be used only with explain flag, will be ignored");
  }
  if (options.explain && options.explain_only != ExplainOnly::Both && options.exposure) {
    drop_exposure("explain", "explain-only");
  }
}

}  // namespace tally::reachability::netpol_analyzer
