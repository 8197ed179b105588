#include "net/session.hpp"

namespace tally::net {

bool Budget::take(std::size_t bytes) noexcept {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used > bytes_max_ || bytes > bytes_max_ - used) {
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

Charge& Charge::operator=(Charge&& other) noexcept {
  if (this != &other) {
    clear();
    budget_ = std::move(other.budget_);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

bool Charge::grow_to(std::size_t bytes) noexcept {
  if (bytes <= bytes_) {
    return true;
  }
  if (!budget_->take(bytes - bytes_)) {
    return false;
  }
  bytes_ = bytes;
  return true;
}

void Charge::grow_anyway(std::size_t bytes) noexcept {
  budget_->take_anyway(bytes);
  bytes_ += bytes;
}

void Charge::clear() noexcept {
  if (bytes_ != 0) {
    budget_->give_back(std::exchange(bytes_, 0));
  }
}

}  // namespace tally::net
