#pragma once
// One function per format: a line to a flow. Nothing: the line is about something else (a reply, a
// lost event), which is no error. Texts of the flow lie in the line or in the arena.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "flow/flow.hpp"

namespace tally::flow {

using Line = Result<std::optional<Flow>>;

[[nodiscard]] Line read_hubble(const document::Node& root);
[[nodiscard]] Line read_calico(const document::Node& root);
[[nodiscard]] Line read_istio_json(const document::Node& root);
[[nodiscard]] Line read_istio_text(std::string_view line);
[[nodiscard]] Line read_csv(std::span<const std::string> columns, std::string_view line,
                            Arena& arena);

// The names of the columns, in lower case; an error if one that is needed is absent.
[[nodiscard]] Result<std::vector<std::string>> read_csv_header(std::string_view line);

[[nodiscard]] std::string_view text_at(const document::Node& node, std::string_view key);
// A number, or a text that is one; nothing else and nothing above `most`.
[[nodiscard]] std::optional<std::uint64_t> number_of(const document::Node* node,
                                                     std::uint64_t most);
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t most);
// RFC 3339, or seconds since 1970 as a number.
[[nodiscard]] std::optional<scalar::TimestampParts> time_of(const document::Node* node);

// "10.0.0.1:80", "[fd00::1]:80", "10.0.0.1"; port 0: there is none.
struct SocketAddress {
  scalar::IpAddress address;
  std::uint16_t port = 0;
};
[[nodiscard]] std::optional<SocketAddress> parse_socket_address(std::string_view text);

}  // namespace tally::flow
