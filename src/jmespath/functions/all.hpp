#pragma once
// The families, one a file.

#include "jmespath/function.hpp"

namespace tally::jmespath {

[[nodiscard]] std::span<const Function> number_functions() noexcept;
[[nodiscard]] std::span<const Function> text_functions() noexcept;
[[nodiscard]] std::span<const Function> list_functions() noexcept;
[[nodiscard]] std::span<const Function> expression_functions() noexcept;
[[nodiscard]] std::span<const Function> type_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_arithmetic_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_text_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_regex_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_object_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_encoding_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_time_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_random_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_x509_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_image_functions() noexcept;
[[nodiscard]] std::span<const Function> kyverno_semver_functions() noexcept;
[[nodiscard]] std::span<const Function> community_functions() noexcept;

}  // namespace tally::jmespath
