#pragma once
// What a policy looks at: paths in the object, and the values that it holds against them. Objects
// for the proof are made of it.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document/node.hpp"

namespace tally::migration {

inline constexpr std::string_view kEveryElement = "*";

// Before kEveryElement: the keys of a map.
inline constexpr std::string_view kKeysOf = "@keys";

using Path = std::vector<std::string>;  // keys; kEveryElement steps into a list

struct Read {
  Path path;
  std::vector<std::string> values;  // JSON texts
};

class Reads {
 public:
  void add(const Path& path, std::vector<std::string> values = {});
  // A pattern's or a condition's text: itself, and what stands at, below and beyond it.
  void add(const Path& path, const document::Node& value);
  [[nodiscard]] const std::vector<Read>& all() const noexcept { return reads_; }

 private:
  std::vector<Read> reads_;
};

// Values at, below and beyond a value of a policy, as JSON texts.
[[nodiscard]] std::vector<std::string> variants_of(const document::Node& value);

}  // namespace tally::migration
