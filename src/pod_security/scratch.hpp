#pragma once
// Scratch: the working memory of evaluate(). One per thread; once it has seen a pod of
// some size it allocates nothing for the next one. What evaluate() returns never points into it.

#include <memory>

namespace tally::pod_security {

struct ScratchState;

class Scratch {
 public:
  Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  // For this library.
  [[nodiscard]] ScratchState& state() noexcept { return *state_; }

 private:
  std::unique_ptr<ScratchState> state_;
};

}  // namespace tally::pod_security
