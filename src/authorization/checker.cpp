#include "authorization/internal/checker.hpp"

namespace tally::authorization {

Checker::Step::Step(Checker& checker, std::string_view key, const document::Node* node)
    : checker_(checker),
      pointer_size_(checker.pointer_.size()),
      path_size_(checker.path_.size()),
      parent_(checker.at_) {
  checker.pointer_ += '/';
  for (const char c : key) {
    if (c == '~') {
      checker.pointer_ += "~0";
    } else if (c == '/') {
      checker.pointer_ += "~1";
    } else {
      checker.pointer_ += c;
    }
  }
  if (!checker.path_.empty()) {
    checker.path_ += '.';
  }
  checker.path_ += key;
  checker.at_ = node != nullptr ? node : parent_;
}

Checker::Step::Step(Checker& checker, std::size_t index, const document::Node* node)
    : checker_(checker),
      pointer_size_(checker.pointer_.size()),
      path_size_(checker.path_.size()),
      parent_(checker.at_) {
  checker.pointer_ += fmt::format("/{}", index);
  checker.path_ += fmt::format("[{}]", index);
  checker.at_ = node != nullptr ? node : parent_;
}

Checker::Step::~Step() {
  checker_.pointer_.resize(pointer_size_);
  checker_.path_.resize(path_size_);
  checker_.at_ = parent_;
}

void Checker::add(Problem::Kind kind, std::string message) {
  is_refused_ = is_refused_ || kind == Problem::Kind::Refused;
  problems_.push_back({kind, &object_, pointer_, at_->offset(), std::move(message)});
}

}  // namespace tally::authorization
