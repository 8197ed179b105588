#pragma once
// The formats of strings in structural schemas (k8s.io/kube-openapi pkg/validation/strfmt).

#include <string_view>

#include "kube/custom_schema.hpp"

namespace tally::kube::internal {

// True for formats of numbers and for None.
[[nodiscard]] bool has_format(std::string_view text, SchemaFormat format);
// As the API server calls it in its messages: "date-time".
[[nodiscard]] std::string_view format_name(SchemaFormat format) noexcept;

}  // namespace tally::kube::internal
