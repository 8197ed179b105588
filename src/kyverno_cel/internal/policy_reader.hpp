#pragma once
// From the objects of policies and exceptions to what is evaluated.

#include <vector>

#include "kyverno_cel/internal/policy_table.hpp"

namespace tally::kyverno_cel {

// False: `object` is no policy, or it is refused; then `policy` is not to be used.
[[nodiscard]] bool read_policy(const kube::Object& object, PolicySet::Table& table,
                               std::span<const PolicyException* const> exceptions,
                               LoadedPolicy& policy, std::vector<LoadProblem>& problems);

// False: `object` is no exception, or a field is wrong.
[[nodiscard]] bool read_exception(const kube::Object& object, Arena& arena,
                                  PolicyException& exception, std::vector<LoadProblem>& problems);
// Whether it names this policy.
[[nodiscard]] bool names_policy(const PolicyException& exception, std::string_view kind,
                                std::string_view name);

// What is wrong with the fields of one object.
class Fields {
 public:
  Fields(const kube::Object& object, std::vector<LoadProblem>& problems)
      : object_(object), problems_(problems) {}

  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }
  void report(LoadProblem::Kind kind, std::string pointer, std::uint32_t offset,
              std::string message);
  void invalid(std::string pointer, const document::Node& at, std::string message) {
    report(LoadProblem::Kind::Invalid, std::move(pointer), at.offset(), std::move(message));
  }
  void add(std::vector<policy_cel::FieldProblem> found);

  // The text of a field; "" when it is absent. A value of another kind is reported.
  std::string_view text(const document::Node& map, std::string_view field,
                        const std::string& pointer);
  // The maps of a list; what is no map is reported and left out.
  struct Item {
    const document::Node* node = nullptr;
    std::string pointer;
  };
  std::vector<Item> maps(const document::Node& map, std::string_view field,
                         const std::string& pointer);
  // The position of the text among `words`, 0 where it is absent; others are reported.
  std::size_t choice(const document::Node& map, std::string_view field, const std::string& pointer,
                     std::span<const std::string_view> words);

 private:
  const kube::Object& object_;
  std::vector<LoadProblem>& problems_;
  bool is_refused_ = false;
};

// Settings that say how the policy is run, into policy.about and beside it.
void read_settings(Fields& fields, const document::Node& spec, LoadedPolicy& policy);

}  // namespace tally::kyverno_cel
