#pragma once
// What an evaluation saw, under the source text: each sub-expression's value hangs from the place
// where the sub-expression stands. A macro's body is evaluated many times; its values follow one
// another.
//
//     object.spec.replicas <= 3
//     |      |    |        |
//     |      |    5        false
//     |      {"replicas": 5}
//     {"spec": {"replicas": 5}}

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "cel/program.hpp"

namespace tally::app {

struct TraceStyle {
  bool color = false;
  std::size_t value_columns_max = 60;  // longer values are cut, with an ellipsis
  std::size_t values_max = 4;          // of one place; the last of them
};

[[nodiscard]] std::string render_trace(std::string_view source,
                                       std::span<const cel::TraceEntry> steps, Arena& arena,
                                       const TraceStyle& style = {});

}  // namespace tally::app
