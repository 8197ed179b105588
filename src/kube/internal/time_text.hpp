#pragma once
// The times of the API: metav1.Time and metav1.MicroTime, read as Go's time.Parse reads them with
// the layouts RFC3339 and RFC3339Micro, with its error texts.

#include <cstdint>
#include <string>
#include <string_view>

namespace tally::kube::internal {

enum class TimeLayout : std::uint8_t { Rfc3339, Rfc3339Micro };

// What is wrong with the time; empty if nothing is.
[[nodiscard]] std::string time_problem(std::string_view text, TimeLayout layout);

}  // namespace tally::kube::internal
