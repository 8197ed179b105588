#pragma once
// The syntax of names, labels and ports, as k8s.io/apimachinery/pkg/util/validation has it. Every
// function returns what is wrong in the API server's own words, or an empty text when nothing is.
// Where upstream gives several errors (too long, and malformed), the first one is returned.

#include <cstdint>
#include <string_view>

namespace tally::scalar {

// RFC 1123 label: at most 63 of [a-z0-9-], alphanumeric at both ends. Namespaces, containers,
// volumes.
[[nodiscard]] std::string_view dns1123_label_problem(std::string_view text) noexcept;
// Labels joined by dots, at most 253. Most object names.
[[nodiscard]] std::string_view dns1123_subdomain_problem(std::string_view text) noexcept;
// RFC 1035 label: as the RFC 1123 one, and it starts with a letter.
[[nodiscard]] std::string_view dns1035_label_problem(std::string_view text) noexcept;
// A name that is one segment of a URL path: not "." or "..", no "/" or "%". RBAC objects.
[[nodiscard]] std::string_view path_segment_problem(std::string_view text) noexcept;
// Label and annotation keys: an optional DNS subdomain and "/", then at most 63 of [A-Za-z0-9-_.],
// alphanumeric at both ends.
[[nodiscard]] std::string_view label_key_problem(std::string_view text) noexcept;
// Empty, or as the name part of a key.
[[nodiscard]] std::string_view label_value_problem(std::string_view text) noexcept;
// Container and Service port names: at most 15 of [a-z0-9-], a letter somewhere, no "--", no dash
// at the ends.
[[nodiscard]] std::string_view port_name_problem(std::string_view text) noexcept;
// Names of environment variables (since 1.34: printable ASCII without "=").
[[nodiscard]] std::string_view env_name_problem(std::string_view text) noexcept;
// Keys of ConfigMaps and Secrets.
[[nodiscard]] std::string_view config_key_problem(std::string_view text) noexcept;
// 1 to 65535.
[[nodiscard]] std::string_view port_number_problem(std::int64_t port) noexcept;

}  // namespace tally::scalar
