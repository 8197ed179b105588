#pragma once
// One function per family; all.cpp is the list.

#include <span>

#include "cel/function.hpp"
#include "cel/functions/standard.hpp"

namespace tally::cel {

// cel-go's extensions.
[[nodiscard]] std::span<const Function> comprehension_functions() noexcept;
[[nodiscard]] std::span<const Function> encoder_functions() noexcept;
[[nodiscard]] std::span<const Function> list_functions() noexcept;
[[nodiscard]] std::span<const Function> math_functions() noexcept;
[[nodiscard]] std::span<const Function> network_functions() noexcept;
[[nodiscard]] std::span<const Function> network_mask_functions() noexcept;
[[nodiscard]] std::span<const Function> regex_functions() noexcept;
[[nodiscard]] std::span<const Function> set_functions() noexcept;
[[nodiscard]] std::span<const Function> string_functions() noexcept;

// Kubernetes.
[[nodiscard]] std::span<const Function> kubernetes_authorizer_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_format_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_json_patch_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_list_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_network_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_quantity_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_regex_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_semver_functions() noexcept;
[[nodiscard]] std::span<const Function> kubernetes_url_functions() noexcept;

// Kyverno.
[[nodiscard]] std::span<const Function> kyverno_context_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_document_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_envoy_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_gzip_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_hash_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_image_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_image_verify_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_jwt_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_object_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_time_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_x509_functions() noexcept;

}  // namespace tally::cel
