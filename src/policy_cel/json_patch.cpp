#include "policy_cel/json_patch.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace tally::policy_cel {

using document::Node;

namespace {

constexpr std::string_view kMissing = "missing value";
constexpr std::string_view kInvalidIndex = "invalid index referenced";

// strconv.Atoi
std::optional<std::int64_t> to_index(std::string_view text) noexcept {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') {
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end == text.data() + text.size() && !text.empty()
             ? std::optional(value)
             : std::nullopt;
}

std::string invalid_index(std::int64_t index) {
  return "Unable to access invalid index: " + std::to_string(index) + ": " +
         std::string(kInvalidIndex);
}

std::string not_a_number(std::string_view text) {
  return "strconv.Atoi: parsing \"" + std::string(text) + "\": invalid syntax";
}

std::string nonexistent(std::string_view verb, std::string_view key) {
  return "nable to " + std::string(verb) + " nonexistent key: " + std::string(key) + ": " +
         std::string(kMissing);
}

class Patcher {
 public:
  Patcher(Arena& arena, const Node& document, const PatchLimits& limits, PatchDialect dialect)
      : arena_(arena),
        document_(document),
        original_(document),
        nodes_left_(limits.nodes),
        depth_max_(limits.depth),
        is_kyverno_(dialect == PatchDialect::Kyverno) {}

  std::expected<Node, PatchError> run(std::span<const PatchOperation> operations) {
    for (const PatchOperation& operation : operations) {
      if (!apply(operation)) {
        return std::unexpected(std::move(error_));
      }
    }
    return document_;
  }

 private:
  // The container that a path leads to, the key within it, and how one gets there.
  struct Place {
    struct Step {
      Node container;
      std::size_t child = 0;
    };
    std::vector<Step> above;
    Node container;
    std::string key;
    // Kyverno: the path began with an empty key, which leads into a copy that is thrown away.
    bool is_copy = false;
  };

  bool fail(std::string message, bool is_failed_test = false) {
    error_ = {.is_failed_test = is_failed_test, .message = std::move(message)};
    return false;
  }

  static std::string decoded(std::string_view part) {
    std::string key;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
        key += part[++i] == '0' ? '~' : '/';
      } else {
        key += part[i];
      }
    }
    return key;
  }

  // Where a key of a container stands: an index, or an error text. Absent members: nothing.
  struct Found {
    std::optional<std::size_t> at;
    std::string problem;
  };
  static Found find(const Node& container, const std::string& key) {
    if (container.is_object()) {
      for (std::size_t i = 0; i < container.size(); ++i) {
        if (container.key(i) == key) {
          return {.at = i, .problem = {}};
        }
      }
      return {};
    }
    const auto index = to_index(key);
    if (!index) {
      return {.at = {}, .problem = not_a_number(key)};
    }
    const auto size = static_cast<std::int64_t>(container.size());
    const std::int64_t at = *index < 0 ? *index + size : *index;
    if (at < 0 || at >= size) {
      return {.at = {}, .problem = invalid_index(*index)};
    }
    return {.at = static_cast<std::size_t>(at), .problem = {}};
  }

  // findObject
  std::optional<Place> locate(std::string_view path) {
    const std::size_t first = path.find('/');
    Place place;
    place.container = document_;
    if (first == std::string_view::npos) {
      return is_kyverno_ && path.empty() ? std::optional(place) : std::nullopt;
    }
    path.remove_prefix(first + 1);
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/')) {
      if (is_kyverno_ && slash == 0) {
        if (!place.above.empty() || !original_) {
          return std::nullopt;
        }
        place.container = *original_;
        place.is_copy = true;
        path.remove_prefix(1);
        continue;
      }
      const Found found = find(place.container, decoded(path.substr(0, slash)));
      path.remove_prefix(slash + 1);
      if (!found.at) {
        return std::nullopt;
      }
      const Node next = place.container.items()[*found.at];
      if (!next.is_object() && !next.is_array()) {
        return std::nullopt;
      }
      place.above.push_back({place.container, *found.at});
      place.container = next;
    }
    place.key = decoded(path);
    return place;
  }

  bool spend(std::size_t nodes) {
    if (nodes > nodes_left_) {
      return fail("the patch copies too much of the object");
    }
    nodes_left_ -= nodes;
    return true;
  }

  // `container` with the child at `at` replaced, or one more behind the last, or (no value) without
  // it.
  Node rebuilt(const Node& container, std::size_t at, const Node* value, std::string_view key,
               bool inserts) {
    const std::size_t size = container.size();
    auto* values = arena_.allocate_array<Node>(size + 1);
    auto* keys = arena_.allocate_array<std::string_view>(container.is_object() ? size + 1 : 0);
    std::size_t count = 0;
    const auto put = [&](const Node& node, std::string_view name) {
      if (container.is_object()) {
        keys[count] = name;
      }
      values[count++] = node;
    };
    for (std::size_t i = 0; i <= size; ++i) {
      if (i == at && value != nullptr) {
        put(*value, key);
      }
      if (i < size && (i != at || (inserts && value != nullptr))) {
        put(container.items()[i], container.is_object() ? container.key(i) : std::string_view{});
      }
    }
    if (container.is_object()) {
      return Node::make_object(arena_, std::span<const Node>{values, count},
                               std::span<const std::string_view>{keys, count}, {},
                               container.offset());
    }
    return Node::make_array(arena_, std::span<const Node>{values, count}, container.offset());
  }

  // Puts a changed container back where it was.
  bool put_back(const Place& place, Node changed) {
    if (place.is_copy) {
      return true;
    }
    for (auto step = place.above.rbegin(); step != place.above.rend(); ++step) {
      if (!spend(step->container.size())) {
        return false;
      }
      const std::string_view key =
          step->container.is_object() ? step->container.key(step->child) : std::string_view{};
      changed = rebuilt(step->container, step->child, &changed, key, false);
    }
    document_ = changed;
    return true;
  }

  // container.add and container.set; the problem is an error text.
  bool store(const Place& place, const Node& value, bool is_set, std::string& problem) {
    if (!spend(place.container.size() + 1)) {
      problem = error_.message;
      return false;
    }
    const Node& container = place.container;
    if (container.is_object()) {
      const Found found = find(container, place.key);
      return put_back(
          place, rebuilt(container, found.at.value_or(container.size()), &value, place.key, false));
    }
    if (place.key == "-" && !is_set) {
      return put_back(place, rebuilt(container, container.size(), &value, {}, true));
    }
    const auto index = to_index(place.key);
    if (!index) {
      problem = is_set ? not_a_number(place.key)
                       : "value was not a proper array index: '" + place.key +
                             "': " + not_a_number(place.key);
      return false;
    }
    const auto places = static_cast<std::int64_t>(container.size()) + (is_set ? 0 : 1);
    const std::int64_t at = *index < 0 ? *index + places : *index;
    if (at < 0 || at >= places) {
      problem = invalid_index(*index);
      return false;
    }
    return put_back(place, rebuilt(container, static_cast<std::size_t>(at), &value, {}, !is_set));
  }

  bool erase(const Place& place, std::string& problem) {
    const Found found = find(place.container, place.key);
    const bool is_index = place.container.is_object() || to_index(place.key).has_value();
    if (!found.at && is_kyverno_ && is_index) {
      return true;
    }
    if (!found.at) {
      problem = found.problem.empty() ? "U" + nonexistent("remove", place.key) : found.problem;
      return false;
    }
    if (!spend(place.container.size())) {
      problem = error_.message;
      return false;
    }
    return put_back(place, rebuilt(place.container, *found.at, nullptr, {}, false));
  }

  bool apply(const PatchOperation& operation) {
    const std::string_view op = operation.op;
    if (op == "add") {
      return add(operation);
    }
    if (op == "remove") {
      return remove(operation);
    }
    if (op == "replace") {
      return replace(operation);
    }
    if (op == "move" || op == "copy") {
      return transfer(operation, op == "move");
    }
    if (op == "test") {
      return test(operation);
    }
    return fail("Unexpected kind: " + std::string(op));
  }

  // What stands in a place; a problem if nothing does. Kyverno: the empty key leads to the document
  // as it came in, or to nothing.
  struct Got {
    Node value;
    std::string problem;
    bool is_missing = false;  // the problem of an absent member
  };
  Got get(const Place& place) const {
    if (is_kyverno_ && place.key.empty()) {
      return {.value = place.above.empty() && original_ ? *original_ : Node{}, .problem = {}};
    }
    const Found found = find(place.container, place.key);
    if (found.at) {
      return {.value = place.container.items()[*found.at], .problem = {}};
    }
    if (is_kyverno_ && found.problem.empty()) {
      return {.value = {}, .problem = "u" + nonexistent("get", place.key), .is_missing = true};
    }
    return {.value = {}, .problem = found.problem};
  }

  // ensurePathExists: makes what is missing on the way to the last key.
  bool make_path(std::string_view path) {
    std::vector<std::string_view> parts;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;) {
      path.remove_prefix(slash + 1);
      slash = path.find('/');
      parts.push_back(path.substr(0, slash));
    }
    if (parts.size() > depth_max_) {
      return fail("the path has too many parts");
    }
    Place place;
    place.container = document_;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      place.key = decoded(parts[i]);
      const Got got = get(place);
      if (got.value.is_null()) {
        return make_rest(place, std::span(parts).subspan(i));
      }
      if (!got.value.is_object() && !got.value.is_array()) {
        return fail("invalid state detected");
      }
      place.above.push_back({place.container, *find(place.container, place.key).at});
      place.container = got.value;
    }
    return true;
  }

  // A map or list for every part but the last, the innermost first; a list if the next part is an
  // index, with nulls up to it.
  bool make_rest(Place place, std::span<const std::string_view> parts) {
    std::vector<std::int64_t> sizes;  // of the lists; -1: a map
    for (const std::string_view next : parts.subspan(1)) {
      const auto index = to_index(next);
      if (index && *index < -1) {
        return fail("Unable to ensure path for negative index other than -1: " +
                    std::to_string(*index) + ": " + std::string(kInvalidIndex));
      }
      const bool is_list = index || next == "-";
      sizes.push_back(is_list ? std::max<std::int64_t>(index.value_or(0), 0) : -1);
      if (is_list && !spend(static_cast<std::uint64_t>(sizes.back()))) {
        return false;
      }
    }
    Node made;
    for (std::size_t i = sizes.size(); i-- > 0;) {
      const bool is_innermost = i + 1 == sizes.size();
      if (sizes[i] < 0) {
        // Upstream takes the key as it stands, escapes and all, and does not find it again.
        const std::string_view key = arena_.copy(parts[i + 1]);
        const std::size_t size = is_innermost ? 0 : 1;
        made = Node::make_object(arena_, std::span<const Node>{&made, size},
                                 std::span<const std::string_view>{&key, size}, {}, 0);
        continue;
      }
      std::vector<Node> items(static_cast<std::size_t>(sizes[i]));
      if (!is_innermost) {
        items.push_back(made);
      }
      made = Node::make_array(arena_, items, 0);
    }
    pad(place, parts[0]);
    place.key = std::string(parts[0]);
    // What cannot be stored, the search for the path reports.
    std::string problem;
    return store(place, made, false, problem) || error_.message.empty();
  }

  // Nulls in a list up to an index beyond its end.
  void pad(Place& place, std::string_view part) {
    const auto index = to_index(part);
    if (!place.container.is_array() || !index ||
        *index <= static_cast<std::int64_t>(place.container.size()) ||
        !spend(static_cast<std::uint64_t>(*index))) {
      return;
    }
    std::vector<Node> items(place.container.items().begin(), place.container.items().end());
    items.resize(static_cast<std::size_t>(*index));
    place.container = Node::make_array(arena_, items, place.container.offset());
  }

  bool add_document(const PatchOperation& operation) {
    if (!operation.value.is_object() && !operation.value.is_array()) {
      return fail("the document must be an object or array");
    }
    document_ = operation.value;
    original_ = operation.value;
    return true;
  }

  // The empty key leads into a copy of the document, which upstream throws away: only what goes
  // wrong there is seen.
  bool add_to_copy(const PatchOperation& operation) {
    Patcher copy(arena_, *original_, {.nodes = nodes_left_, .depth = depth_max_},
                 PatchDialect::Kyverno);
    copy.original_.reset();
    PatchOperation within = operation;
    within.path.remove_prefix(1);
    if (copy.add(within)) {
      nodes_left_ = copy.nodes_left_;
      return true;
    }
    std::string message = std::move(copy.error_.message);
    if (const std::size_t at = message.find(within.path); at != std::string::npos) {
      message.insert(at, 1, '/');
    }
    return fail(std::move(message));
  }

  bool add(const PatchOperation& operation) {
    if (is_kyverno_ && operation.path.empty()) {
      return add_document(operation);
    }
    if (is_kyverno_ && operation.path.starts_with("//") && original_) {
      return add_to_copy(operation);
    }
    if (is_kyverno_ && !make_path(operation.path)) {
      return false;
    }
    const auto place = locate(operation.path);
    const std::string path(operation.path);
    if (!place) {
      return fail("add operation does not apply: doc is missing path: \"" + path +
                  "\": " + std::string(kMissing));
    }
    std::string problem;
    return store(*place, operation.value, false, problem) ||
           fail("error in add for path: '" + path + "': " + problem);
  }

  bool remove(const PatchOperation& operation) {
    const auto place = locate(operation.path);
    const std::string path(operation.path);
    if (!place && is_kyverno_) {
      return true;
    }
    if (!place) {
      return fail("remove operation does not apply: doc is missing path: \"" + path +
                  "\": " + std::string(kMissing));
    }
    std::string problem;
    return erase(*place, problem) || fail("error in remove for path: '" + path + "': " + problem);
  }

  bool replace(const PatchOperation& operation) {
    if (operation.path.empty()) {
      if (!operation.value.is_object() && !operation.value.is_array()) {
        return fail("replace operation value must be object or array");
      }
      document_ = operation.value;
      original_.reset();
      return true;
    }
    const auto place = locate(operation.path);
    const std::string path(operation.path);
    if (!place) {
      return fail("replace operation does not apply: doc is missing path: " + path + ": " +
                  std::string(kMissing));
    }
    if (!get(*place).problem.empty()) {
      return fail("replace operation does not apply: doc is missing key: " + path + ": " +
                  std::string(kMissing));
    }
    std::string problem;
    return store(*place, operation.value, true, problem) ||
           fail("error in remove for path: '" + path + "': " + problem);
  }

  bool transfer(const PatchOperation& operation, bool moves) {
    const std::string word = moves ? "move" : "copy";
    if (is_kyverno_ && moves && operation.from.empty()) {
      return fail("unable to move entire document to another path: invalid state detected");
    }
    const auto from = locate(operation.from);
    if (!from) {
      return fail(word + " operation does not apply: doc is missing from path: " +
                  shown_from(operation.from, moves) + ": " + std::string(kMissing));
    }
    const std::string what =
        moves ? "error in move for path: '" + from->key + "': "
              : "error in copy for from: '" + std::string(operation.from) + "': ";
    const auto [value, missing, unused] = get(*from);
    if (!missing.empty()) {
      return fail(what + missing);
    }
    std::string problem;
    if (moves && !erase(*from, problem)) {
      return fail(what + problem);
    }
    const auto place = locate(operation.path);
    if (!place) {
      return fail(word + " operation does not apply: doc is missing destination path: " +
                  std::string(operation.path) + ": " + std::string(kMissing));
    }
    return store(*place, value, false, problem) ||
           fail(moves ? "error in move for path: '" + std::string(operation.path) + "': " + problem
                      : "error while adding value during copy: " + problem);
  }

  bool test(const PatchOperation& operation) {
    const std::string path(operation.path);
    const auto failed = [&] {
      return fail("testing value " + path + " failed: test failed", true);
    };
    if (path.empty()) {
      return document::equal(document_, operation.value) || failed();
    }
    const auto place = locate(path);
    if (!place) {
      return fail("test operation does not apply: is missing path: " + path + ": " +
                  std::string(kMissing));
    }
    const Got got = get(*place);
    if (!got.problem.empty() && !got.is_missing) {
      return fail("error in test for path: '" + path + "': " + got.problem);
    }
    return document::equal(got.value, operation.value) || failed();
  }

  // v5 quotes the origin of a `copy`.
  std::string shown_from(std::string_view path, bool moves) const {
    return is_kyverno_ && !moves ? "\"" + std::string(path) + "\"" : std::string(path);
  }

  Arena& arena_;
  Node document_;
  std::optional<Node> original_;  // Kyverno: to which the empty key leads
  std::uint64_t nodes_left_;
  std::uint32_t depth_max_;
  bool is_kyverno_;
  PatchError error_;
};

}  // namespace

std::expected<Node, PatchError> apply_json_patch(Arena& arena, const Node& document,
                                                 std::span<const PatchOperation> operations,
                                                 const PatchLimits& limits, PatchDialect dialect) {
  return Patcher(arena, document, limits, dialect).run(operations);
}

}  // namespace tally::policy_cel
