#pragma once
// How deep a recursion may go, and the guard of one level of it.

#include <cstdint>

namespace tally::kyverno {

struct Depth {
  explicit Depth(std::uint32_t max) : left(max) {}
  std::uint32_t left;
};

class [[nodiscard]] DepthGuard {
 public:
  explicit DepthGuard(Depth& depth) : depth_(depth), is_allowed_(depth.left > 0) {
    depth_.left -= is_allowed_ ? 1 : 0;
  }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  ~DepthGuard() { depth_.left += is_allowed_ ? 1 : 0; }

  [[nodiscard]] bool is_allowed() const noexcept { return is_allowed_; }

 private:
  Depth& depth_;
  bool is_allowed_;
};

}  // namespace tally::kyverno
