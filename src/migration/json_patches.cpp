// `mutate.patchesJson6902` as the JSON patches of a MutatingPolicy. Kyverno makes the way to what
// is added and passes over what is removed and not there (pkg/engine/mutate/patch/patchJSON6902.go,
// EnsurePathExistsOnAdd and AllowMissingPathOnRemove); both become conditions on the object as it
// is before the patch. Refused: places in lists, but for their end, and operations that look at
// what is there.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "document/read.hpp"
#include "migration/internal/draft.hpp"
#include "migration/internal/rules.hpp"

namespace tally::migration {

using document::Node;
using document::NodeKind;

namespace {

constexpr std::size_t kDepthMax = 40;
constexpr std::string_view kEnd = "-";  // of a list (RFC 6901 section 4)

// RFC 6901 section 4: "~1" is a slash, "~0" a tilde.
std::vector<std::string> tokens_of(std::string_view pointer) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] == '~' && i + 1 < pointer.size() &&
               (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
      tokens.back() += pointer[++i] == '1' ? '/' : '~';
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
}

bool is_index(std::string_view token) {
  return !token.empty() &&
         std::ranges::all_of(token, [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

class PatchTranslator {
 public:
  explicit PatchTranslator(Scope& scope) : scope_(scope) {}

  Outcome<std::string> run(const Node& patches) {
    for (const Node& patch : patches.items()) {
      if (auto done = add(patch); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    std::string sum;
    for (const std::string& part : parts_) {
      sum += (sum.empty() ? "" : " + ") + part;
    }
    return sum;
  }

 private:
  // A value as CEL; of mixed types each as dyn: literals have to be of one type.
  Outcome<std::string> value(const Node& node, std::size_t depth) {
    if (depth > kDepthMax) {
      return refuse("a value that is nested too deep", node);
    }
    switch (node.kind()) {
      case NodeKind::Null:
        return std::string("null");
      case NodeKind::Bool:
      case NodeKind::Number:
        return literal(node);
      case NodeKind::String:
        return text(node);
      case NodeKind::Array:
      case NodeKind::Object:
        break;
    }
    const auto children = node.is_array() ? node.items() : std::span<const Node>();
    std::set<NodeKind> kinds;
    for (const Node& child : children) {
      kinds.insert(child.kind());
    }
    for (const document::Member member : node.members()) {
      kinds.insert(member.value.kind());
    }
    const bool is_mixed =
        kinds.size() > 1 || kinds.contains(NodeKind::Object) || kinds.contains(NodeKind::Array);
    std::string body;
    const auto append = [&](std::string_view key, const Node& child) -> Outcome<void> {
      auto made = value(child, depth + 1);
      if (!made) {
        return std::unexpected(std::move(made).error());
      }
      body += (body.empty() ? "" : ", ") + std::string(key) +
              (is_mixed ? fmt::format("dyn({})", *made) : *made);
      return {};
    };
    for (const Node& child : children) {
      if (auto done = append("", child); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    for (const document::Member member : node.members()) {
      if (auto done = append(quoted(member.key) + ": ", member.value); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    return node.is_array() ? "[" + body + "]" : "{" + body + "}";
  }

  Outcome<std::string> text(const Node& node) {
    if (node.text().find("{{") == std::string_view::npos) {
      return quoted(node.text());
    }
    auto made = translate_text(node, scope_);
    return made ? Outcome<std::string>(made->text) : std::unexpected(made.error());
  }

  Outcome<void> add(const Node& patch) {
    const std::string_view op = text_at(patch, "op");
    const std::string_view pointer = text_at(patch, "path");
    if (op != "add" && op != "remove" && op != "replace") {
      return refuse(fmt::format("the operation \"{}\" of a JSON patch", op), patch);
    }
    if (!pointer.starts_with('/') || pointer.find("{{") != std::string_view::npos) {
      return refuse("a JSON patch whose path is not one of fields", patch);
    }
    const std::vector<std::string> tokens = tokens_of(pointer);
    const bool ends_list = op == "add" && tokens.size() > 1 && tokens.back() == kEnd;
    const auto last_name = tokens.end() - (ends_list ? 1 : 0);
    if (std::any_of(tokens.begin(), last_name, is_index)) {
      return refuse("a JSON patch of a place in a list", patch);
    }
    if (op == "remove") {
      return remove(pointer, tokens);
    }
    const Node* given = patch.find("value");
    if (given == nullptr) {
      return refuse("a JSON patch without a value", patch);
    }
    auto made = value(*given, 0);
    if (!made) {
      return std::unexpected(std::move(made).error());
    }
    const Place target = op == "add" ? make_way(tokens, ends_list) : place_of(tokens);
    scope_.reads.add(target.path, *given);
    const std::string list = fmt::format("[JSONPatch{{op: {}, path: {}, value: {}}}]", quoted(op),
                                         quoted(pointer), *made);
    // What replaces nothing is an error to Kyverno; the patches of CEL policies would add it.
    parts_.push_back(op == "add" ? list
                                 : fmt::format("([{}].size() == 1 ? {} : [])", target.cel, list));
    return {};
  }

  Place place_of(const std::vector<std::string>& tokens) const {
    Place place = scope_.object;
    for (const std::string& token : tokens) {
      place = below(place, token);
    }
    return place;
  }

  // Maps (and at the end a list) that are not there yet, each once.
  Place make_way(const std::vector<std::string>& tokens, bool ends_list) {
    Place place = scope_.object;
    Cel there = always(true);
    std::string pointer;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      there = both(there, presence(place, tokens[i]));
      pointer.append("/").append(escaped(tokens[i]));
      place = below(place, tokens[i]);
      if (!there.is_true() && made_.insert(pointer).second) {
        const bool is_list = ends_list && i + 2 == tokens.size();
        parts_.push_back(fmt::format("({} ? [] : [JSONPatch{{op: 'add', path: {}, value: {}}}])",
                                     in(there, Binding::Or), quoted(pointer),
                                     is_list ? "[]" : "{}"));
        scope_.reads.add(place.path, {is_list ? "[]" : "{}"});
      }
    }
    return ends_list ? place : below(place, tokens.back());
  }

  Outcome<void> remove(std::string_view pointer, const std::vector<std::string>& tokens) {
    Place place = scope_.object;
    Cel there = always(true);
    for (const std::string& token : tokens) {
      there = both(there, presence(place, token));
      place = below(place, token);
    }
    scope_.reads.add(place.path, {"\"a\"", "{}"});
    parts_.push_back(fmt::format("({} ? [JSONPatch{{op: 'remove', path: {}}}] : [])",
                                 in(there, Binding::Or), quoted(pointer)));
    return {};
  }

  static std::string escaped(std::string_view token) {
    std::string out;
    for (const char c : token) {
      out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
  }

  Scope& scope_;
  std::vector<std::string> parts_;  // lists of patches
  std::set<std::string> made_;      // pointers to what is made on the way
};

}  // namespace

Outcome<std::string> translate_json_patches(const Node& patches, Scope& scope) {
  if (patches.is_array()) {
    return PatchTranslator(scope).run(patches);
  }
  const auto source = document::Source::from_text("patches", patches.text());
  const auto read = document::read_one(*source, scope.arena);
  if (!read || !read->is_array() || read->size() == 0) {
    return refuse("a text that is no list of JSON patches", patches);
  }
  auto made = PatchTranslator(scope).run(*read);
  if (!made) {
    made.error().offset = patches.offset();  // the text's own offsets say nothing outside of it
  }
  return made;
}

}  // namespace tally::migration
