#include <algorithm>
#include <cmath>

#include "cel/internal/estimates.hpp"

namespace tally::cel {
namespace {

std::uint64_t add(std::uint64_t a, std::uint64_t b) noexcept {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

std::uint64_t multiply(std::uint64_t a, std::uint64_t b) noexcept {
  return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

// multiplyByCostFactor.
std::uint64_t scale(std::uint64_t a, double factor) noexcept {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  const auto size = static_cast<double>(a);
  if (size > 0 && factor > 0 && size > kTwoTo64 / factor) {
    return UINT64_MAX;
  }
  const double product = std::ceil(size * factor);
  return product >= kTwoTo64 ? UINT64_MAX : static_cast<std::uint64_t>(product);
}

}  // namespace

Estimate add(Estimate a, Estimate b) noexcept { return {add(a.min, b.min), add(a.max, b.max)}; }

Estimate multiply(Estimate a, Estimate b) noexcept {
  return {multiply(a.min, b.min), multiply(a.max, b.max)};
}

Estimate unite(Estimate a, Estimate b) noexcept {
  return {std::min(a.min, b.min), std::max(a.max, b.max)};
}

Estimate scale(Estimate a, double factor) noexcept {
  return {scale(a.min, factor), scale(a.max, factor)};
}

Path Paths::append(Path path, std::string_view step) {
  if (path.size != 0 && path.size < stores_[path.store].capacity) {
    steps_[stores_[path.store].first + path.size] = step;
    return {path.store, path.size + 1};
  }
  // Go doubles what is full (exactly, up to 512 elements of 16 bytes; paths are shorter).
  return make(path, step, path.size == 0 ? 1 : std::size_t{path.size} * 2);
}

Path Paths::append_copy(Path path, std::string_view step) {
  return make(path, step, std::size_t{path.size} + 1);
}

Path Paths::make(Path path, std::string_view step, std::size_t capacity) {
  const std::size_t first = steps_.size();
  steps_.resize(first + capacity);
  const auto from = steps(path);
  std::ranges::copy(from, steps_.begin() + static_cast<std::ptrdiff_t>(first));
  steps_[first + path.size] = step;
  stores_.push_back({first, capacity});
  return {static_cast<std::uint32_t>(stores_.size() - 1), path.size + 1};
}

std::span<const std::string_view> Paths::steps(Path path) const noexcept {
  if (path.size == 0) {
    return {};
  }
  return std::span{steps_}.subspan(stores_[path.store].first, path.size);
}

}  // namespace tally::cel
