#pragma once
// Reading the fields of a map strictly: every field is asked for once, what nobody asked for is an
// error, and so is a value of the wrong type.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "document/source.hpp"

namespace tally::policy_test {

class Fields {
 public:
  // `what` names the map in messages: "results[3]".
  Fields(const document::Node& map, const document::Source& source, std::string what,
         std::vector<Error>& errors);

  // Texts; numbers and booleans count as their text, as sigs.k8s.io/yaml has them in string fields
  // only by accident: an error.
  std::string text(std::string_view field);
  std::vector<std::string> texts(std::string_view field);
  bool flag(std::string_view field);
  // Any value; null when absent.
  const document::Node* node(std::string_view field);
  const document::Node* list(std::string_view field);
  const document::Node* map(std::string_view field);

  // Reports the fields that nobody asked for.
  void finish();
  void wrong(const document::Node& at, std::string message);
  [[nodiscard]] Position position(const document::Node& at) const;

 private:
  const document::Node* expect(std::string_view field, document::NodeKind kind);

  const document::Node& map_;
  const document::Source& source_;
  std::string what_;
  std::vector<Error>& errors_;
  std::vector<bool> asked_;
};

}  // namespace tally::policy_test
