#include "kyverno/internal/substitution.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "document/json_writer.hpp"
#include "kyverno/internal/variable_scan.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

// What one variable costs of kSubstitutedBytesTotalMax, however short its value.
constexpr std::size_t kVariableCostBytes = 128;

bool text_has_variables(std::string_view text) {
  return text.find("{{") != std::string_view::npos || text.find("$(") != std::string_view::npos;
}

bool below_has_variables(const Node& value, std::uint32_t depth) {
  if (depth > kSubstitutionDepthMax) {
    return true;  // the substitution says what is wrong
  }
  if (value.is_string()) {
    return text_has_variables(value.text());
  }
  for (const document::Member member : value.members()) {
    if (text_has_variables(member.key)) {
      return true;
    }
  }
  for (const Node& item : value.items()) {
    if (below_has_variables(item, depth + 1)) {
      return true;
    }
  }
  return false;
}

// pkg/utils/jsonpointer: what `@` stands for: the path without its first two parts ("mutate",
// "patchStrategicMerge") below request.object. A pattern of `validate` has no such parts in front,
// and loses two of its own: so does upstream.
std::string own_path(std::string_view path, std::string_view prefix) {
  std::string out(prefix);
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < path.size();) {
    std::string part;
    ++at;  // the slash
    while (at < path.size() && path[at] != '/') {
      if (path[at] == '\\' && at + 1 < path.size()) {
        ++at;
      }
      part += path[at++];
    }
    parts.push_back(std::move(part));
  }
  std::size_t skip = 2;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "foreach") {
      // Past the foreach and what follows it: the index is one of the two that are skipped.
      skip = i + 3;
      break;
    }
  }
  for (std::size_t i = skip; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const bool is_index =
        !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (is_index) {
      fmt::format_to(std::back_inserter(out), "[{}]", part);
      continue;
    }
    const bool is_plain =
        !part.empty() && !(part[0] >= '0' && part[0] <= '9') &&
        part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
            std::string::npos;
    const std::string_view quote = is_plain ? "" : "\"";
    fmt::format_to(std::back_inserter(out), ".{}{}{}", quote, part, quote);
  }
  return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  std::string out;
  std::size_t written = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, written)) {
    out.append(text, written, at - written);
    out += by;
    written = at + what.size();
  }
  if (written > 0) {
    out.append(text, written);
    text = std::move(out);
  }
}

std::size_t count_nodes(const Node& value, std::uint32_t depth) {
  std::size_t count = 1;
  if (depth <= kSubstitutionDepthMax) {
    for (const Node& item : value.items()) {
      count += count_nodes(item, depth + 1);
    }
  }
  return count;
}

class Substitution {
 public:
  Substitution(const Node& document, Context& context, std::string_view place)
      : document_(document), context_(context), place_(place) {}

  Outcome<Node> value(const Node& node, const std::string& path, std::uint32_t depth) {
    if (depth > kSubstitutionDepthMax) {
      return failed(
          fmt::format("nested deeper than {} at path {}", kSubstitutionDepthMax, at(path)));
    }
    if (node.is_string()) {
      if (!text_has_variables(node.text())) {
        return node;
      }
      Outcome<Node> out = leaf(node.text(), path);
      if (!out || out->is_string() || !below_has_variables(*out, depth)) {
        return out;
      }
      // Upstream goes on inside of what it has put in: {a: "{{x}}", b: "{{x}}"} as x doubles with
      // every step.
      if (!context_.spend_bytes(count_nodes(*out, 0) * sizeof(Node))) {
        return failed(std::string(context_.exhausted()));
      }
      return value(*out, path, depth + 1);
    }
    if (node.is_array()) {
      return list(node, path, depth);
    }
    if (node.is_object()) {
      return map(node, path, depth);
    }
    return node;
  }

  Outcome<Node> leaf(std::string_view text, const std::string& path) {
    Arena& arena = context_.arena();
    std::string now(text);
    if (text.find("$(") != std::string_view::npos) {
      Outcome<void> done = references(now, path);
      if (!done) {
        return std::unexpected(std::move(done).error());
      }
    }
    const bool is_delete = context_.operation() == "DELETE";
    for (std::uint32_t round = 0;; ++round) {
      std::optional<Span> found = find_variable(now, 0);
      if (!found) {
        break;
      }
      if (round >= kSubstitutionRoundsMax) {
        return failed(
            fmt::format("variables of variables: still not resolved after {} rounds at path {}",
                        kSubstitutionRoundsMax, at(path)));
      }
      bool is_shallow = false;
      std::string next;
      std::size_t written = 0;
      for (; found; found = find_variable(now, found->end)) {
        const std::string_view whole =
            std::string_view(now).substr(found->begin, found->end - found->begin);
        const VariableText variable = variable_text(whole.substr(2, whole.size() - 4));
        is_shallow = variable.is_shallow;
        std::string expression(variable.expression);
        if (expression == "@") {
          expression = own_path(at(path), context_.has_target() ? "target" : "request.object");
        }
        if (is_delete) {
          replace_all(expression, "request.object", "request.oldObject");
        }
        if (!context_.spend_bytes(kVariableCostBytes)) {
          return failed(std::string(context_.exhausted()));
        }
        Outcome<Node> answer = context_.query(expression);
        if (!answer) {
          Failure failure = std::move(answer).error();
          failure.message = fmt::format("failed to resolve {} at path {}: {}", expression, at(path),
                                        failure.message);
          return std::unexpected(std::move(failure));
        }
        if (whole.size() == now.size()) {
          return *answer;
        }
        next.append(now, written, found->begin - written);
        written = found->end;
        if (answer->is_string()) {
          std::string put(answer->text());
          if (is_shallow) {
            replace_all(put, "{{", "\\{{");
          }
          next += put;
        } else {
          document::append_json(next, *answer);
        }
        if (next.size() > kSubstitutedBytesMax) {
          return failed(fmt::format("more than {} bytes after substitution at path {}",
                                    kSubstitutedBytesMax, at(path)));
        }
      }
      if (!context_.spend_bytes(now.size())) {
        return failed(std::string(context_.exhausted()));
      }
      next.append(now, written);
      now = std::move(next);
      if (is_shallow) {
        break;
      }
    }
    replace_all(now, "\\{{", "{{");
    return text_node(arena.copy(now));
  }

 private:
  // As messages and `@` name a place.
  [[nodiscard]] std::string at(const std::string& path) const { return std::string(place_) + path; }

  Outcome<Node> list(const Node& node, const std::string& path, std::uint32_t depth) {
    if (!below_has_variables(node, depth)) {
      return node;
    }
    std::vector<Node> items;
    items.reserve(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      Outcome<Node> item = value(node.items()[i], fmt::format("{}/{}", path, i), depth + 1);
      if (!item) {
        return item;
      }
      items.push_back(*item);
    }
    return Node::make_array(context_.arena(), items, node.offset());
  }

  Outcome<Node> map(const Node& node, const std::string& path, std::uint32_t depth) {
    if (!below_has_variables(node, depth)) {
      return node;
    }
    ObjectParts parts;
    for (const document::Member member : node.members()) {
      std::string_view key = member.key;
      if (text_has_variables(key)) {
        Outcome<Node> put = leaf(key, path);
        if (!put) {
          return put;
        }
        if (put->is_string()) {
          key = put->text();
        } else if (!put->is_null()) {
          return failed(fmt::format("expected string after substituting variables in key \"{}\"",
                                    member.key));
        }
      }
      std::string below(path);
      below += '/';
      for (const char c : member.key) {
        below += c == '/' ? std::string_view("\\/") : std::string_view(&c, 1);
      }
      Outcome<Node> inside = value(member.value, below, depth + 1);
      if (!inside) {
        return inside;
      }
      parts.set(key, *inside);
    }
    return parts.make(context_.arena(), node.offset());
  }

  // $(./../name), $(>/spec/a): the value at another place of the document, for texts and numbers.
  Outcome<void> references(std::string& text, const std::string& path);
  Outcome<Node> referenced(std::string_view reference, const std::string& path);

  const Node& document_;
  Context& context_;
  std::string_view place_;
};

std::string_view without_anchor(std::string_view key) {
  if (key.size() < 3 || !key.ends_with(')')) {
    return key;
  }
  if (key[0] == '(') {
    return key.substr(1, key.size() - 2);
  }
  if (key.size() >= 4 && key[1] == '(' &&
      std::string_view("+^=X<").find(key[0]) != std::string_view::npos) {
    return key.substr(2, key.size() - 3);
  }
  return key;
}

// The leaf at a path of which the anchors were taken off.
const Node* leaf_at(const Node& document, std::string_view path) {
  const Node* here = &document;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash);
    const Node* next = nullptr;
    if (here->is_array()) {
      std::size_t index = 0;
      for (const char c : part) {
        if (c < '0' || c > '9' || index > here->size()) {
          return nullptr;
        }
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      next = !part.empty() && index < here->size() ? &here->items()[index] : nullptr;
    } else {
      for (const document::Member member : here->members()) {
        if (without_anchor(member.key) == part) {
          next = &member.value;
        }
      }
    }
    if (next == nullptr) {
      return nullptr;
    }
    here = next;
  }
  return here;
}

// path.Join of Go: dots and double dots resolved.
std::string joined(std::string_view base, std::string_view relative) {
  std::vector<std::string_view> parts;
  const auto walk = [&](std::string_view text) {
    while (!text.empty()) {
      const std::size_t slash = std::min(text.find('/'), text.size());
      const std::string_view part = text.substr(0, slash);
      text.remove_prefix(std::min(slash + 1, text.size()));
      if (part.empty() || part == ".") {
        continue;
      }
      if (part == "..") {
        if (!parts.empty()) {
          parts.pop_back();
        }
        continue;
      }
      parts.push_back(part);
    }
  };
  if (!relative.starts_with('/')) {
    walk(base);
  }
  walk(relative);
  std::string out;
  for (const std::string_view part : parts) {
    out += '/';
    out += part;
  }
  return out;
}

Outcome<Node> Substitution::referenced(std::string_view reference, const std::string& path) {
  std::string_view inside = reference;
  while (!inside.empty() &&
         std::string_view("$()").find(inside.front()) != std::string_view::npos) {
    inside.remove_prefix(1);
  }
  while (!inside.empty() && std::string_view("$()").find(inside.back()) != std::string_view::npos) {
    inside.remove_suffix(1);
  }
  std::string_view sign;
  for (const std::string_view candidate : {">=", "<=", ">", "<", "!"}) {
    if (inside.starts_with(candidate)) {
      sign = candidate;
      break;
    }
  }
  inside.remove_prefix(sign.size());
  if (inside.empty()) {
    return failed(
        fmt::format("failed to resolve {} at path {}: expected path, found empty reference",
                    reference, at(path)));
  }
  const Node* found = leaf_at(document_, joined(path, inside));
  if (found == nullptr || found->is_object() || found->is_array() || found->is_null()) {
    return failed(fmt::format("got nil resolved variable {} at path {}", reference, at(path)));
  }
  if (sign.empty()) {
    return *found;
  }
  if (!found->is_string() && !found->is_number()) {
    return failed(fmt::format("incorrect expression: operator {} does not match with value", sign));
  }
  return text_node(context_.arena().concat({sign, found->text()}));
}

Outcome<void> Substitution::references(std::string& text, const std::string& path) {
  std::string out;
  std::size_t written = 0;
  for (std::optional<Span> found = find_reference(text, 0); found;
       found = find_reference(text, found->end)) {
    const std::string reference = text.substr(found->begin, found->end - found->begin);
    Outcome<Node> value = referenced(reference, path);
    if (!value) {
      return std::unexpected(std::move(value).error());
    }
    if (!value->is_string()) {
      return std::unexpected(Failure{
          .message = fmt::format("NotResolvedReferenceErr,reference {} not resolved at path {}",
                                 reference, at(path))});
    }
    out.append(text, written, found->begin - written);
    out += value->text();
    written = found->end;
  }
  out.append(text, written);
  replace_all(out, "\\$(", "$(");
  text = std::move(out);
  return {};
}

}  // namespace

bool has_variables(const Node& value) { return below_has_variables(value, 0); }

Outcome<Node> substitute(const Node& value, Context& context, std::string_view place) {
  if (!below_has_variables(value, 0)) {
    return value;
  }
  return Substitution(value, context, place).value(value, {}, 0);
}

Outcome<Node> substitute_text(std::string_view text, Context& context) {
  if (!text_has_variables(text)) {
    return text_node(text);
  }
  const Node node = text_node(text);
  return Substitution(node, context, {}).value(node, {}, 0);
}

}  // namespace tally::kyverno::internal
