#include "pod_security/internal/site.hpp"

#include <array>
#include <charconv>

namespace tally::pod_security {

using document::Node;

// Walks down from a root and writes the pointer as it goes. `node_` is null once the path has left
// what exists.
class Walk {
 public:
  Walk(Locator& locator, const Node* root, std::string_view root_pointer, std::string& pointer)
      : locator_(locator), node_(root), pointer_(pointer) {
    pointer_.assign(root_pointer);
    location_.offset = root == nullptr ? 0 : root->offset();
  }

  void key(std::string_view name) {
    if (ended(document::NodeKind::Object)) {
      return;
    }
    append_token(name);
    step(node_ == nullptr ? nullptr : find(name));
  }

  // The i-th member of a map, under its key.
  void member(std::uint32_t i) {
    if (!ended(document::NodeKind::Object) && node_ != nullptr && i < node_->size()) {
      append_token(node_->key(i));
      step(&node_->items()[i]);
    }
  }

  void index(std::uint32_t i) {
    if (ended(document::NodeKind::Array)) {
      return;
    }
    std::array<char, 10> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), i);
    pointer_ += '/';
    pointer_.append(digits.data(), end);
    step(node_ != nullptr && i < node_->size() ? &node_->items()[i] : nullptr);
  }

  [[nodiscard]] Location location() noexcept {
    location_.field = location_.wrongly_typed == nullptr ? node_ : nullptr;
    return location_;
  }

 private:
  // The path ends at a value that has no members or elements; null has none of either, but is the
  // same as absent.
  bool ended(document::NodeKind expected) {
    if (node_ != nullptr && node_->is_null()) {
      node_ = nullptr;
    }
    if (node_ != nullptr && node_->kind() != expected) {
      location_.wrongly_typed = node_;
    }
    return location_.wrongly_typed != nullptr;
  }

  const Node* find(std::string_view name) {
    if (depth_ >= locator_.found_.size()) {
      return node_->find(name);
    }
    Locator::Found& last = locator_.found_[depth_++];
    if (last.map != node_ || last.key != name) {
      last = {.map = node_, .key = name, .value = node_->find(name)};
    }
    return last.value;
  }

  void step(const Node* next) {
    node_ = next;
    if (next != nullptr) {
      location_.offset = next->offset();
    }
  }

  // RFC 6901 section 3: ~ is ~0, / is ~1.
  void append_token(std::string_view token) {
    pointer_ += '/';
    for (const char c : token) {
      if (c == '~') {
        pointer_ += "~0";
      } else if (c == '/') {
        pointer_ += "~1";
      } else {
        pointer_ += c;
      }
    }
  }

  Locator& locator_;
  std::size_t depth_ = 0;
  const Node* node_;
  std::string& pointer_;
  Location location_;
};

Location Locator::locate(const Offence& offence, std::string& pointer) {
  const bool of_metadata = offence.place->root == Place::Root::Metadata;
  Walk walk(*this, of_metadata ? pod_.metadata : pod_.spec,
            of_metadata ? pod_.metadata_pointer : pod_.spec_pointer, pointer);
  if (offence.place->root == Place::Root::Container && offence.container != nullptr) {
    walk.key(list_name(offence.container->kind));
    walk.index(offence.container->index);
  }
  std::string_view path = offence.place->path;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size() == path.size() ? segment.size() : segment.size() + 1);
    if (segment != "*") {
      walk.key(segment);
    } else if (of_metadata) {
      walk.member(offence.index);
    } else {
      walk.index(offence.index);
    }
  }
  return walk.location();
}

}  // namespace tally::pod_security
