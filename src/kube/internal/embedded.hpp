#pragma once
// The tables of content/api as text; CMakeLists.txt makes the definitions.

#include <string_view>

namespace tally::kube::internal {

[[nodiscard]] std::string_view api_kinds_text() noexcept;  // content/api/v1.36.tsv
[[nodiscard]] std::string_view defaults_text() noexcept;   // content/api/defaults.tsv
[[nodiscard]] std::string_view
defaults_encoding_text() noexcept;                          // content/api/defaults_encoding.tsv
[[nodiscard]] std::string_view recognised_text() noexcept;  // content/api/recognised.tsv

}  // namespace tally::kube::internal
