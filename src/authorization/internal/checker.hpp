#pragma once
// Walks an object and collects what is wrong with it, with its place in both notations: RFC 6901
// for our users, and the dotted one that the API server's messages have.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "authorization/problem.hpp"
#include "document/node.hpp"

namespace tally::authorization {

class Checker {
 public:
  Checker(const kube::Object& object, std::vector<Problem>& problems)
      : object_(object), problems_(problems), at_(&object.root) {}

  // Goes one step down for as long as it lives.
  class [[nodiscard]] Step {
   public:
    Step(Checker& checker, std::string_view key, const document::Node* node);
    Step(Checker& checker, std::size_t index, const document::Node* node);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Checker& checker_;
    std::size_t pointer_size_;
    std::size_t path_size_;
    const document::Node* parent_;
  };

  void refuse(std::string message) { add(Problem::Kind::Refused, std::move(message)); }
  // What the API server says of a place: "spec.action: Unsupported value: ...".
  void refuse_here(std::string_view message) { refuse(fmt::format("{}: {}", path_, message)); }
  void invalid(std::string message) { add(Problem::Kind::Invalid, std::move(message)); }
  void warn(std::string message) { add(Problem::Kind::Warning, std::move(message)); }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

 private:
  void add(Problem::Kind kind, std::string message);

  const kube::Object& object_;
  std::vector<Problem>& problems_;
  const document::Node* at_;
  std::string pointer_;
  std::string path_;
  bool is_refused_ = false;
};

}  // namespace tally::authorization
