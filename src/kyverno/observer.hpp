#pragma once
// Observer: who wants to see how the verdict of a classic policy came about (`tally trace`). Slow,
// for people; without one, nothing is said.

#include <cstdint>
#include <string_view>

#include "document/node.hpp"

namespace tally::kyverno {

class Observer {
 public:
  // A rule is asked; it is about the object, or why not.
  virtual void asked(std::string_view rule, bool is_matched) = 0;
  // An expression was evaluated; a failure has a message instead of a value.
  virtual void resolved(std::string_view expression, const document::Node& value,
                        std::string_view failure) = 0;
  // A condition was held against what its key and value had become.
  virtual void compared(const document::Node& key, std::string_view op, const document::Node& value,
                        bool holds) = 0;

 protected:
  ~Observer() = default;
};

}  // namespace tally::kyverno
