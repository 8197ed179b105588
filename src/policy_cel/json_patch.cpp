#include "policy_cel/json_patch.hpp"

#include <charconv>
#include <optional>
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

class Patcher {
 public:
  Patcher(Arena& arena, const Node& document, const PatchLimits& limits)
      : arena_(arena), document_(document), nodes_left_(limits.nodes) {}

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
    if (first == std::string_view::npos) {
      return std::nullopt;
    }
    Place place;
    place.container = document_;
    path.remove_prefix(first + 1);
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/')) {
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
    if (!found.at) {
      problem = found.problem.empty() ? "Unable to remove nonexistent key: " + place.key + ": " +
                                            std::string(kMissing)
                                      : found.problem;
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

  bool add(const PatchOperation& operation) {
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
      return true;
    }
    const auto place = locate(operation.path);
    const std::string path(operation.path);
    if (!place) {
      return fail("replace operation does not apply: doc is missing path: " + path + ": " +
                  std::string(kMissing));
    }
    if (!find(place->container, place->key).problem.empty()) {
      return fail("replace operation does not apply: doc is missing key: " + path + ": " +
                  std::string(kMissing));
    }
    std::string problem;
    return store(*place, operation.value, true, problem) ||
           fail("error in remove for path: '" + path + "': " + problem);
  }

  bool transfer(const PatchOperation& operation, bool moves) {
    const std::string word = moves ? "move" : "copy";
    const auto from = locate(operation.from);
    if (!from) {
      return fail(word + " operation does not apply: doc is missing from path: " +
                  std::string(operation.from) + ": " + std::string(kMissing));
    }
    const std::string what =
        moves ? "error in move for path: '" + from->key + "': "
              : "error in copy for from: '" + std::string(operation.from) + "': ";
    const Found found = find(from->container, from->key);
    if (!found.problem.empty()) {
      return fail(what + found.problem);
    }
    const Node value = found.at ? from->container.items()[*found.at] : Node{};
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
    const Found found = find(place->container, place->key);
    if (!found.problem.empty()) {
      return fail("error in test for path: '" + path + "': " + found.problem);
    }
    const Node value = found.at ? place->container.items()[*found.at] : Node{};
    return document::equal(value, operation.value) || failed();
  }

  Arena& arena_;
  Node document_;
  std::uint64_t nodes_left_;
  PatchError error_;
};

}  // namespace

std::expected<Node, PatchError> apply_json_patch(Arena& arena, const Node& document,
                                                 std::span<const PatchOperation> operations,
                                                 const PatchLimits& limits) {
  return Patcher(arena, document, limits).run(operations);
}

}  // namespace tally::policy_cel
