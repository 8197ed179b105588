#include "scalar/object_ref.hpp"

namespace tally::scalar {

std::string ObjectRef::api_version() const {
  std::string text(group);
  if (!text.empty()) {
    text += '/';
  }
  text += version;
  return text;
}

std::string ObjectRef::to_string() const {
  std::string text(kind);
  text += ' ';
  if (!name_space.empty()) {
    text += name_space;
    text += '/';
  }
  text += name.empty() ? std::string_view{"(no name)"} : name;
  return text;
}

}  // namespace tally::scalar
