#include "kyverno_cel/internal/generation_template.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "document/read.hpp"
#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

constexpr std::size_t kDepthMax = 500;  // document::ReadLimits

std::string_view trim_space(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The byte behind the placeholder that opens at `open`.
Result<std::size_t> end_of_placeholder(std::string_view text, std::size_t open) {
  std::size_t depth = 0;
  char quote = 0;
  for (std::size_t i = open + 2; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      i += c == '\\' ? 1U : 0U;
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      if (depth > 0) {
        --depth;
      } else if (i + 1 < text.size() && text[i + 1] == ')') {
        if (trim_space(text.substr(open + 2, i - open - 2)).empty()) {
          return content_error(fmt::format("empty placeholder at offset {}", open));
        }
        return i + 2;
      } else {
        return content_error(
            fmt::format("unbalanced parenthesis in placeholder starting at offset {}", open));
      }
    }
  }
  if (quote != 0) {
    return content_error(
        fmt::format("unterminated string literal in placeholder starting at offset {}", open));
  }
  return content_error(
      fmt::format("unterminated placeholder starting at offset {}: missing closing '))'", open));
}

// Whether there is a placeholder, which keys may not hold.
bool has_placeholder(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\\((")) {
      i += 2;
    } else if (text.substr(i).starts_with("((")) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<Segment>> split_segments(std::string_view text) {
  std::vector<Segment> found;
  std::size_t literal = 0;
  const auto flush = [&](std::size_t end) {
    if (end > literal) {
      found.push_back({.text = text.substr(literal, end - literal), .is_expression = false});
    }
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("\\((")) {
      flush(i);
      literal = i + 1;  // without the backslash
      i += 3;
    } else if (text.substr(i).starts_with("((")) {
      TALLY_TRY(const std::size_t end, end_of_placeholder(text, i));
      flush(i);
      found.push_back({.text = trim_space(text.substr(i + 2, end - i - 4)), .is_expression = true});
      i = end;
      literal = end;
    } else {
      ++i;
    }
  }
  flush(text.size());
  return found;
}

Result<GenerationTemplate> GenerationTemplate::compile(std::string_view yaml, bool interpolates,
                                                       const Compile& compile) {
  GenerationTemplate made;
  made.interpolates_ = interpolates;
  made.source_ = document::Source::from_text("template", std::string(yaml));
  made.arena_ = std::make_shared<Arena>();
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice slice : document::split(*made.source_)) {
    document::read_slice(*made.source_, slice, *made.arena_, {}, documents, errors);
  }
  if (!errors.empty()) {
    Error error = std::move(errors.front().error);
    error.message = "failed to parse YAML: " + error.message;
    return std::unexpected(std::move(error));
  }
  std::vector<Node> todo;
  for (const document::Document& document : documents) {
    if (document.root.is_null()) {
      continue;
    }
    if (!document.root.is_object() &&
        !(interpolates && document.root.is_string() && has_placeholder(document.root.text()))) {
      return content_error("document must be a mapping describing a resource");
    }
    made.documents_.push_back(document.root);
    todo.push_back(document.root);
  }
  if (made.documents_.empty()) {
    return content_error("template must contain at least one YAML document");
  }
  while (interpolates && !todo.empty()) {
    const Node node = todo.back();
    todo.pop_back();
    for (const document::Member member : node.members()) {
      if (has_placeholder(member.key)) {
        return content_error(
            "placeholders are not supported in mapping keys; use a whole-value "
            "placeholder on the parent field instead");
      }
    }
    todo.insert(todo.end(), node.items().begin(), node.items().end());
    if (!node.is_string() || node.text().find("((") == std::string_view::npos) {
      continue;
    }
    TALLY_TRY(const std::vector<Segment> segments, split_segments(node.text()));
    std::vector<Part> parts;
    for (const Segment& segment : segments) {
      Part part{.text = segment.text, .program = policy_cel::kNoProgram};
      if (segment.is_expression) {
        auto program = compile(segment.text);
        if (!program) {
          return content_error(fmt::format("invalid placeholder expression \"{}\": {}",
                                           segment.text, program.error().message));
        }
        part.program = *program;
      }
      parts.push_back(part);
    }
    made.texts_.emplace_back(node.text().data(), std::move(parts));
  }
  std::ranges::sort(made.texts_, std::less<>{}, [](const auto& text) { return text.first; });
  return made;
}

struct GenerationTemplate::Renderer {
  const GenerationTemplate& made;
  Arena& arena;
  const Evaluate& evaluate;
  Failure failure;
  bool has_failed = false;

  Node fail(std::string message, bool is_unknown = false) {
    if (!has_failed) {
      failure = {.message = std::move(message), .is_unknown = is_unknown};
      has_failed = true;
    }
    return {};
  }

  Value value_of(const Part& part) {
    const Value value = evaluate(part.program);
    if (value.is_error()) {
      fail(fmt::format("failed to evaluate placeholder \"{}\": {}", part.text,
                       value.as_error().message),
           value.as_error().code == cel::ErrorCode::NotProvided);
    } else if (value.is_outcome()) {
      fail(fmt::format("placeholder \"{}\" depends on what is not known", part.text), true);
    }
    return value;
  }

  Node text(const Node& node) {
    const auto found =
        std::ranges::lower_bound(made.texts_, static_cast<const void*>(node.text().data()),
                                 std::less<>{}, [](const auto& text) { return text.first; });
    if (found == made.texts_.end() || found->first != node.text().data()) {
      return node;
    }
    const std::vector<Part>& parts = found->second;
    if (parts.size() == 1 && parts[0].program != policy_cel::kNoProgram) {
      const Value value = value_of(parts[0]);
      Node out;
      if (!has_failed && !cel::to_node(arena, value, {.offset = node.offset()}, out)) {
        return fail(fmt::format("failed to convert placeholder \"{}\" result", parts[0].text));
      }
      return out;
    }
    std::string whole;
    for (const Part& part : parts) {
      if (part.program == policy_cel::kNoProgram) {
        whole += part.text;
        continue;
      }
      const Value value = value_of(part);
      if (has_failed) {
        return {};
      }
      switch (value.kind()) {
        case ValueKind::String:
          whole += value.text();
          break;
        case ValueKind::Bool:
          whole += value.as_bool() ? "true" : "false";
          break;
        case ValueKind::Int:
          whole += std::to_string(value.as_int());
          break;
        case ValueKind::Uint:
          whole += std::to_string(value.as_uint());
          break;
        case ValueKind::Double:
          whole += fmt::format("{}", value.as_double());
          break;
        default:
          return fail(fmt::format(
              "placeholder \"{}\" embedded in a string must evaluate to a scalar, got {}; use a "
              "whole-value placeholder for structured results",
              part.text, cel::type_name(value)));
      }
    }
    return Node::make_string(arena.copy(whole), node.offset());
  }

  Node render(const Node& node, std::size_t depth) {
    if (has_failed || depth > kDepthMax) {
      return {};
    }
    if (node.is_string()) {
      return text(node);
    }
    if (node.size() == 0) {
      return node;
    }
    auto* values = arena.allocate_array<Node>(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      values[i] = render(node.items()[i], depth + 1);
    }
    if (node.is_array()) {
      return Node::make_array(arena, {values, node.size()}, node.offset());
    }
    auto* keys = arena.allocate_array<std::string_view>(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      keys[i] = node.key(i);
    }
    return make_map(arena, {keys, node.size()}, {values, node.size()}, node.offset());
  }
};

std::expected<std::vector<Node>, GenerationTemplate::Failure> GenerationTemplate::render(
    Arena& arena, const Evaluate& evaluate) const {
  std::vector<Node> made;
  Renderer renderer{
      .made = *this, .arena = arena, .evaluate = evaluate, .failure = {}, .has_failed = false};
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    const Node document = interpolates_ ? renderer.render(documents_[i], 0) : documents_[i];
    if (renderer.has_failed) {
      renderer.failure.message = fmt::format("document {}: {}", i + 1, renderer.failure.message);
      return std::unexpected(std::move(renderer.failure));
    }
    if (!document.is_object()) {
      return std::unexpected(Failure{
          .message = fmt::format("document {}: expected a mapping describing a resource", i + 1),
          .is_unknown = false});
    }
    made.push_back(document);
  }
  return made;
}

}  // namespace tally::kyverno_cel
