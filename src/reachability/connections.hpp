#pragma once
// All connections of a World, by workload: who may reach whom with what.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "network_policy/class_pairs.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

inline constexpr std::uint32_t kOutside = 0xFFFF'FFFF;  // instead of a workload: addresses

// What a mesh makes of a row (mesh/connection_list.hpp).
struct MeshColumns {
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
  scalar::ConnectionSet by_request{};  // of `allowed`: for some HTTP requests only
  std::string encryption{};            // "mutual TLS"
  std::string identity{};              // that the destination sees; empty: none
  std::string requests{};              // "TCP 8080: GET /api/*"; empty: no restriction
};

struct ConnectionRow {
  std::uint32_t source = kOutside;  // position in World::workloads()
  std::uint32_t destination = kOutside;
  scalar::AddressSet outside{};  // of the side that is no workload
  network_policy::PooledAnswer answer{};
  std::shared_ptr<const MeshColumns> mesh{};  // instead of `answer`; rows share it
};

struct ConnectionFilter {
  // Empty: everybody. Rows that touch one of them stay.
  std::vector<std::uint32_t> workloads{};
  bool with_outside = true;
  // A workload of several pods to itself: its pods among each other.
  bool with_itself = false;
};

// Rows by source and destination as text, outside addresses first. Denied pairs have no row.
[[nodiscard]] std::vector<ConnectionRow> list_connections(World& world,
                                                          const ConnectionFilter& filter);

enum class ListFormat : std::uint8_t { Text, Csv, Json, Markdown, Dot, Classes };
// "txt", "csv", "json", "md", "dot", "classes"
[[nodiscard]] std::optional<ListFormat> parse_list_format(std::string_view name) noexcept;

[[nodiscard]] std::string to_text(const World& world, const std::vector<ConnectionRow>& rows,
                                  ListFormat format);
[[nodiscard]] std::string classes_to_text(const World& world,
                                          const std::vector<network_policy::ClassPair>& rows);

// "all", "TCP 80", "TCP 80, perhaps UDP 53"
[[nodiscard]] std::string to_words(const World& world, const network_policy::PooledAnswer& answer);

}  // namespace tally::reachability
