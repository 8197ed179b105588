#include "kube/structure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/api_kinds.hpp"
#include "kube/internal/schema_check.hpp"
#include "kube/internal/structure_rules.hpp"
#include "kube/internal/structure_walk.hpp"
#include "kube/internal/time_text.hpp"
#include "kube/recognised.hpp"
#include "kube/removed_apis.hpp"
#include "scalar/quantity.hpp"

namespace tally::kube {

namespace internal {

using document::Node;
using document::NodeKind;

void append_pointer_token(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

std::string json_pointer(const Frame& frame, std::string_view child) {
  std::string pointer = frame.up == nullptr ? std::string{} : json_pointer(*frame.up);
  if (frame.up != nullptr) {
    if (frame.up->node->is_array()) {
      pointer += fmt::format("/{}", frame.index);
    } else {
      append_pointer_token(pointer, frame.key);
    }
  }
  if (!child.empty()) {
    append_pointer_token(pointer, child);
  }
  return pointer;
}

std::string dotted_path(const Frame& frame, std::string_view child) {
  std::string path = frame.up == nullptr ? std::string{} : dotted_path(*frame.up);
  const auto append_key = [&path](std::string_view key, bool in_map) {
    if (in_map) {
      path += fmt::format("[{}]", excerpt(key));
    } else {
      path += path.empty() ? "" : ".";
      path += excerpt(key);
    }
  };
  if (frame.up != nullptr) {
    if (frame.up->node->is_array()) {
      path += fmt::format("[{}]", frame.index);
    } else {
      append_key(frame.key, frame.up->type != nullptr && frame.up->type->kind == TypeKind::Map);
    }
  }
  if (!child.empty()) {
    append_key(child, frame.type != nullptr && frame.type->kind == TypeKind::Map);
  }
  return path;
}

std::string found_text(const Node& node) {
  switch (node.kind()) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return node.boolean() ? "true" : "false";
    case NodeKind::Number:
      return excerpt(node.text());
    case NodeKind::String:
      return fmt::format("\"{}\"", excerpt(node.text()));
    case NodeKind::Array:
      return "a list";
    case NodeKind::Object:
      return "a map";
  }
  return {};
}

namespace {

void add(StructureWalk& walk, StructureProblem problem) {
  if (walk.is_full()) {
    walk.overflow = true;
    return;
  }
  walk.problems.push_back(problem);
}

}  // namespace

void StructureWalk::report(StructureProblemKind kind, const Frame& frame, std::string_view found,
                           std::string_view expected, std::string_view message) {
  if (is_full()) {
    overflow = true;
    return;
  }
  add(*this, {.kind = kind,
              .pointer = arena.copy(json_pointer(frame)),
              .offset = frame.node->offset(),
              .found = arena.copy(found),
              .expected = arena.copy(expected),
              .message = arena.copy(message)});
}

void StructureWalk::report_child(StructureProblemKind kind, const Frame& frame,
                                 std::string_view child, std::string_view found,
                                 std::string_view expected, std::string_view message) {
  if (is_full()) {
    overflow = true;
    return;
  }
  const Node* node = frame.node->find(child);
  add(*this, {.kind = kind,
              .pointer = arena.copy(json_pointer(frame, child)),
              .offset = node == nullptr ? frame.node->offset() : node->offset(),
              .found = arena.copy(found),
              .expected = arena.copy(expected),
              .message = arena.copy(message)});
}

void StructureWalk::report_member(StructureProblemKind kind, const Frame& frame, std::size_t member,
                                  std::string_view found, std::string_view expected,
                                  std::string_view message) {
  if (is_full()) {
    overflow = true;
    return;
  }
  add(*this, {.kind = kind,
              .pointer = arena.copy(json_pointer(frame, frame.node->key(member))),
              .offset = frame.node->key_offset(member),
              .found = arena.copy(found),
              .expected = arena.copy(expected),
              .message = arena.copy(message)});
}

void StructureWalk::required(const Frame& frame, std::string_view child, std::string_view more) {
  const Node* node = frame.node->find(child);
  const std::string found = node == nullptr ? std::string{} : found_text(*node);
  const std::string path = dotted_path(frame, child);
  const std::string message = more.empty() ? fmt::format("{}: Required value", path)
                                           : fmt::format("{}: Required value: {}", path, more);
  report_child(StructureProblemKind::RequiredField, frame, child, found,
               fmt::format("a value for {}", child), message);
}

void StructureWalk::invalid(StructureProblemKind kind, const Frame& frame, std::string_view child,
                            std::string_view found, std::string_view why) {
  report_child(kind, frame, child, found, why,
               fmt::format("{}: Invalid value: {}: {}", dotted_path(frame, child), found, why));
}

namespace {

std::string_view expected_text(const TypeRow& type) {
  switch (type.kind) {
    case TypeKind::Fields:
    case TypeKind::FreeObject:
    case TypeKind::Map:
      return "a map";
    case TypeKind::List:
      return "a list";
    case TypeKind::String:
    case TypeKind::Enum:
      return "a string";
    case TypeKind::Bytes:
      return "a string (base64)";
    case TypeKind::Int32:
      return "an integer (32 bits)";
    case TypeKind::Int64:
      return "an integer (64 bits)";
    case TypeKind::Number:
      return "a number";
    case TypeKind::Bool:
      return "a boolean";
    case TypeKind::Quantity:
      return "a quantity";
    case TypeKind::IntOrString:
      return "an integer or a string";
    case TypeKind::Time:
    case TypeKind::MicroTime:
      return "a time (RFC 3339)";
    case TypeKind::Any:
      return "any value";
  }
  return {};
}

// RFC 4648 section 4 with padding; Go's decoder skips line breaks.
bool is_base64(std::string_view text) {
  std::size_t count = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      continue;
    }
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (c == '=') {
      ++padding;
    } else if (!letter || padding > 0) {
      return false;
    }
    ++count;
  }
  return count % 4 == 0 && padding <= 2;
}

// "enum(Always|Never)" holds the text; the API server takes the empty text for "not set".
bool enum_holds(const TypeRow& type, std::string_view text) {
  // Values are short: a plain loop beats a search for each bar.
  const std::string_view values = type.name.substr(5);
  bool same = true;
  for (std::size_t at = 0, in_text = 0; at < values.size(); ++at) {
    const char c = values[at];
    if (c == '|' || c == ')') {
      if (same && in_text == text.size()) {
        return true;
      }
      same = true;
      in_text = 0;
    } else {
      same = same && in_text < text.size() && text[in_text] == c;
      ++in_text;
    }
  }
  return text.empty();
}

class Walker {
 public:
  explicit Walker(StructureWalk& walk) : walk_(walk), types_(walk.types), rules_(rules_by_type()) {}

  void fields(const Frame& frame, const TypeRow& type) {
    const Node& node = *frame.node;
    const std::span<const Node> items = node.items();
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Node& value = items[i];
      const FieldSlot* slot = types_.slot(type, value.key_symbol());
      if (slot == nullptr && value.key_symbol() == document::kNoSymbol) {
        slot = types_.slot(type, document::find_symbol(node.key(i)));
      }
      if (slot == nullptr) {
        report_unknown_field(walk_, frame, i);
        continue;
      }
      if (value.is_null()) {
        continue;  // as if it were not there
      }
      seen |= (std::uint64_t{1} << slot->required) >> 1U;
      if (!is_plainly_right(value, slot->kind)) {
        const TypeRow& wanted = types_.type(slot->type);
        check(Frame{.up = &frame,
                    .node = &value,
                    .type = &wanted,
                    .key = types_.field(type, *slot).name,
                    .index = 0},
              wanted);
      }
    }
    if ((type.required & ~seen) != 0) {
      missing(frame, type, seen);
    }
    if (const Rule rule = rules_[static_cast<std::size_t>(&type - types_.types().data())];
        rule != nullptr) {
      rule(walk_, frame);
    }
  }

 private:
  // The kinds that need no second look, decided without a call.
  static bool is_plainly_right(const Node& value, TypeKind kind) noexcept {
    switch (kind) {
      case TypeKind::String:
        return value.is_string();
      case TypeKind::Bool:
        return value.is_bool();
      case TypeKind::Any:
      case TypeKind::FreeObject:
        return true;
      case TypeKind::IntOrString:
        return value.is_string();
      case TypeKind::Int32:
        return value.is_number() && value.text().size() < 10 && is_digits(value.text());
      case TypeKind::Fields:
      case TypeKind::Map:
      case TypeKind::List:
      case TypeKind::Enum:
      case TypeKind::Bytes:
      case TypeKind::Int64:
      case TypeKind::Number:
      case TypeKind::Quantity:
      case TypeKind::Time:
      case TypeKind::MicroTime:
        return false;
    }
    return false;
  }

  static bool is_digits(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  void check(const Frame& frame, const TypeRow& type) {
    const Node& node = *frame.node;
    switch (type.kind) {
      case TypeKind::Fields:
        return node.is_object() ? fields(frame, type) : wrong_type(frame, type);
      case TypeKind::Map:
      case TypeKind::List:
        return node.kind() == (type.kind == TypeKind::Map ? NodeKind::Object : NodeKind::Array)
                   ? elements(frame, type)
                   : wrong_type(frame, type);
      case TypeKind::String:
        return node.is_string() ? void() : wrong_type(frame, type);
      case TypeKind::Time:
        return node.is_string() ? time(frame, TimeLayout::Rfc3339) : wrong_type(frame, type);
      case TypeKind::MicroTime:
        return node.is_string() ? time(frame, TimeLayout::Rfc3339Micro) : wrong_type(frame, type);
      case TypeKind::Enum:
        return node.is_string() ? one_of(frame, type) : wrong_type(frame, type);
      case TypeKind::Bytes:
        return node.is_string() ? base64(frame) : wrong_type(frame, type);
      case TypeKind::Int32: {
        const auto value = node.integer();
        return value && *value >= INT32_MIN && *value <= INT32_MAX ? void()
                                                                   : wrong_type(frame, type);
      }
      case TypeKind::Int64:
        return node.integer() ? void() : wrong_type(frame, type);
      case TypeKind::Number:
        return node.is_number() ? void() : wrong_type(frame, type);
      case TypeKind::Bool:
        return node.is_bool() ? void() : wrong_type(frame, type);
      case TypeKind::Quantity:
        return node.is_string() || node.is_number() ? quantity(frame) : wrong_type(frame, type);
      case TypeKind::IntOrString:
        return node.is_string() || node.integer() ? void() : wrong_type(frame, type);
      case TypeKind::FreeObject:
      case TypeKind::Any:
        return;
    }
  }

  void elements(const Frame& frame, const TypeRow& type) {
    const TypeRow& wanted = types_.type(type.element);
    const std::span<const Node> items = frame.node->items();
    const bool is_list = type.kind == TypeKind::List;
    for (std::size_t i = 0; i < items.size(); ++i) {
      // A null element of a list of maps is an empty map to the decoder; elsewhere it is the zero
      // value.
      if (items[i].is_null() || is_plainly_right(items[i], wanted.kind)) {
        continue;
      }
      check(Frame{.up = &frame,
                  .node = &items[i],
                  .type = &wanted,
                  .key = is_list ? std::string_view{} : frame.node->key(i),
                  .index = i},
            wanted);
    }
  }

  void missing(const Frame& frame, const TypeRow& type, std::uint64_t seen) {
    for (const FieldRow& field : types_.fields(type)) {
      if ((field.required & ~seen) != 0) {
        walk_.required(frame, field.name);
      }
    }
  }

  void wrong_type(const Frame& frame, const TypeRow& type) {
    const Node& node = *frame.node;
    const std::string_view expected = expected_text(type);
    const bool quote = (type.kind == TypeKind::String || type.kind == TypeKind::Enum) &&
                       (node.is_number() || node.is_bool());
    const bool is_env = frame.up != nullptr && frame.up->type != nullptr &&
                        frame.up->type->name == "core.v1.EnvVar";
    if (walk_.object.ref.kind == "Secret" || is_env) {
      // The value may be a secret: it is not printed.
      walk_.report(StructureProblemKind::WrongType, frame,
                   fmt::format("a {}", document::kind_name(node.kind())), expected,
                   fmt::format("{}: found a {}, expected {}{}", dotted_path(frame),
                               document::kind_name(node.kind()), expected,
                               quote ? ": quote the value" : ""));
      return;
    }
    const std::string found =
        node.is_array() || node.is_object()
            ? found_text(node)
            : fmt::format("the {} {}", document::kind_name(node.kind()), found_text(node));
    walk_.report(
        StructureProblemKind::WrongType, frame, found, expected,
        fmt::format(
            "{}: found {}, expected {}{}", dotted_path(frame), found, expected,
            !quote ? std::string{}
            : node.is_bool()
                ? std::string{": quote the text (y, yes, on, n, no and off are booleans in YAML)"}
                : fmt::format(": write \"{}\"", node.text())));
  }

  void one_of(const Frame& frame, const TypeRow& type) {
    const std::string_view text = frame.node->text();
    if (enum_holds(type, text)) {
      return;
    }
    std::vector<std::string_view> names;
    std::string supported;
    std::string_view values = type.name.substr(5, type.name.size() - 6);
    while (!values.empty()) {
      const auto bar = values.find('|');
      names.push_back(values.substr(0, bar));
      supported += fmt::format("{}\"{}\"", supported.empty() ? "" : ", ", names.back());
      values.remove_prefix(bar == std::string_view::npos ? values.size() : bar + 1);
    }
    const auto meant = nearest(text, names);
    walk_.report(
        StructureProblemKind::UnsupportedValue, frame, found_text(*frame.node), supported,
        fmt::format("{}: Unsupported value: {}: supported values: {}{}", dotted_path(frame),
                    found_text(*frame.node), supported,
                    meant ? fmt::format("; did you mean \"{}\"?", *meant) : std::string{}));
  }

  void base64(const Frame& frame) {
    if (!is_base64(frame.node->text())) {
      // The text may be a secret that was not encoded: never print it.
      walk_.report(
          StructureProblemKind::InvalidValue, frame, "text that is not base64", "base64",
          fmt::format(
              "{}: illegal base64 data: encode the value, or use stringData where the kind has it",
              dotted_path(frame)));
    }
  }

  void time(const Frame& frame, TimeLayout layout) {
    if (const std::string problem = time_problem(frame.node->text(), layout); !problem.empty()) {
      walk_.report(StructureProblemKind::InvalidValue, frame, found_text(*frame.node),
                   "a time such as 2026-01-31T12:00:00Z",
                   fmt::format("{}: {}", dotted_path(frame), problem));
    }
  }

  void quantity(const Frame& frame) {
    if (is_common_quantity(frame.node->text()) ||
        scalar::Quantity::try_parse(trim(frame.node->text()))) {
      return;
    }
    const auto problem = scalar::Quantity::parse(frame.node->text());
    walk_.report(StructureProblemKind::InvalidQuantity, frame, found_text(*frame.node),
                 "a quantity",
                 fmt::format("{}: found {}: {}", dotted_path(frame), found_text(*frame.node),
                             problem ? std::string{} : problem.error().message));
  }

  // "250m", "1", "128Mi", "2Gi": nearly all of them.
  static bool is_common_quantity(std::string_view text) noexcept {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      ++digits;
    }
    const std::string_view suffix = text.substr(digits);
    return digits > 0 && digits < 10 &&
           (suffix.empty() || suffix == "m" || suffix == "Mi" || suffix == "Gi");
  }

  StructureWalk& walk_;
  const ApiTypes& types_;
  const std::vector<Rule>& rules_;
};

void check_removed(StructureWalk& walk) {
  const scalar::ObjectRef& ref = walk.object.ref;
  const Frame root{
      .up = nullptr, .node = &walk.object.root, .type = nullptr, .key = {}, .index = 0};
  if (const RemovedApi* removed = find_removed_api(ref)) {
    const std::string version = ref.api_version();
    walk.report_child(
        StructureProblemKind::RemovedApi, root, "apiVersion", version, removed->replacement,
        fmt::format(
            "no matches for kind \"{}\" in version \"{}\": Kubernetes {} removed it; use {}",
            ref.kind, version, removed->removed_in, removed->replacement));
    return;
  }
  // Served at subresources only, so discovery does not list them as kinds.
  if (ref.kind == "Scale" || ref.kind == "Eviction" || ref.kind == "TokenRequest") {
    return;
  }
  if (!is_builtin_group(ref.group)) {
    const ApiKind* elsewhere = ref.group.contains('.') ? nullptr : find_kind_any_group(ref.kind);
    if (elsewhere == nullptr) {
      return;
    }
  }
  // Alpha and beta versions come and go; only what no release ever had is reported.
  const bool unstable = ref.version.contains("alpha") || ref.version.contains("beta");
  const ApiKind* other_version = find_kind_any_version(ref.group, ref.kind);
  if (unstable && (other_version != nullptr || ref.group.contains('.'))) {
    return;
  }
  const std::string version = ref.api_version();
  const ApiKind* meant = other_version != nullptr ? other_version : find_kind_any_group(ref.kind);
  std::string expected;
  if (meant != nullptr) {
    expected = fmt::format("apiVersion {}", scalar::ObjectRef{.group = meant->group,
                                                              .version = meant->version,
                                                              .kind = {},
                                                              .name_space = {},
                                                              .name = {}}
                                                .api_version());
  } else {
    std::vector<std::string_view> names;
    for (const ApiKind& row : api_kinds()) {
      if (row.group == ref.group) {
        names.push_back(row.kind);
      }
    }
    const auto near = nearest(ref.kind, names);
    expected = near ? fmt::format("kind {}", *near) : std::string{"a kind of this API group"};
  }
  walk.report_child(StructureProblemKind::UnknownKind, root,
                    meant != nullptr ? "apiVersion" : "kind",
                    fmt::format("{} {}", version, ref.kind), expected,
                    fmt::format("no matches for kind \"{}\" in version \"{}\": expected {}",
                                excerpt(ref.kind), excerpt(version), expected));
}

// A kind whose spec has required fields needs the spec.
void check_spec(StructureWalk& walk, const Frame& root, const TypeRow& type) {
  static const document::Name kSpec{"spec"};
  const FieldRow* spec = walk.types.find(type, kSpec.symbol());
  if (spec == nullptr || spec->required != 0) {
    return;
  }
  const TypeRow& spec_type = walk.types.type(spec->type);
  const Node* node = root.node->find(kSpec);
  if (spec_type.required == 0 || (node != nullptr && !node->is_null())) {
    return;
  }
  for (const FieldRow& field : walk.types.fields(spec_type)) {
    if (field.required != 0) {
      const Frame in_spec{.up = &root,
                          .node = root.node,
                          .type = nullptr,
                          .key = "spec",
                          .index = 0};  // it is not there
      walk.report_child(StructureProblemKind::RequiredField, in_spec, field.name,
                        node == nullptr ? "" : "spec: null",
                        fmt::format("a value for {}", field.name),
                        fmt::format("spec.{}: Required value", field.name));
    }
  }
}

}  // namespace

}  // namespace internal

std::span<const StructureProblem> check_structure(const Object& object, Arena& arena,
                                                  StructureScratch& scratch) {
  scratch.problems.clear();
  internal::StructureWalk walk{.object = object,
                               .types = api_types(),
                               .arena = arena,
                               .problems = scratch.problems,
                               .overflow = false};
  if (object.kind == nullptr) {
    if (const RecognisedKind* recognised = recognise(object.ref);
        recognised != nullptr && recognised->scope == RecognisedScope::File) {
      return {};  // a configuration file with apiVersion and kind: it never meets an API server
    }
  }
  if (object.kind != nullptr && object.kind->type) {
    const TypeRow& type = walk.types.type(*object.kind->type);
    const internal::Frame root{
        .up = nullptr, .node = &object.root, .type = &type, .key = {}, .index = 0};
    internal::Walker(walk).fields(root, type);
    internal::check_spec(walk, root, type);
  } else if (object.kind == nullptr) {
    internal::check_removed(walk);
  } else if (object.kind->schema != nullptr) {
    internal::check_custom_schema(walk, *object.kind->schema);
  }
  internal::check_metadata(walk);
  if (walk.overflow) {
    StructureProblem more;
    more.kind = StructureProblemKind::TooManyProblems;
    more.offset = object.root.offset();
    more.message = "there are more structure problems than the listed 100";
    scratch.problems.push_back(more);
  }
  if (scratch.problems.empty()) {
    return {};
  }
  return arena.copy(std::span<const StructureProblem>{scratch.problems});
}

}  // namespace tally::kube
