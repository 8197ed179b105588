// Kyverno's libraries `json` and `yaml` (github.com/kyverno/sdk, extensions/cel/libs). As upstream,
// where encoding/json reads them, all numbers of a text are doubles.
#include <array>
#include <vector>

#include "cel/functions/all.hpp"
#include "cel/internal/detached_value.hpp"
#include "cel/internal/go_json.hpp"
#include "cel/internal/kyverno_contexts.hpp"
#include "document/read.hpp"

namespace tally::cel {

namespace {

using document::Node;

constexpr std::size_t kTextBytesReadMax = std::size_t{16} << 20U;
constexpr std::uint32_t kDepthMax = 200;

document::ReadOptions read_options() {
  document::ReadOptions options;
  options.limits.depth = kDepthMax;
  options.limits.nodes = 1'000'000;
  return options;
}

Value too_long(EvalContext& context) {
  return invalid(context, {"text is longer than ",
                           decimal(context.arena, std::uint64_t{kTextBytesReadMax}), " bytes"});
}

Value unmarshal(EvalContext& context, std::span<const Value> args) {
  if (!args[1].is(ValueKind::String)) {
    return no_such_overload();
  }
  const std::string_view text = args[1].text();
  if (text.size() > kTextBytesReadMax) {
    return too_long(context);
  }
  const auto source = document::Source::from_text("", text);
  Arena scratch;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  document::read_slice(*source,
                       {.begin = 0,
                        .end = static_cast<std::uint32_t>(text.size()),
                        .format = document::Format::Json},
                       scratch, read_options(), documents, errors);
  if (!errors.empty()) {
    return invalid(context, {errors.front().error.message});
  }
  if (documents.size() != 1) {
    return invalid(context, {documents.empty() ? "unexpected end of JSON input"
                                               : "invalid character after top-level value"});
  }
  return detached_value(context.arena, documents.front().root);
}

Value marshal(EvalContext& context, std::span<const Value> args) {
  Node node;
  TextBuilder out(context.arena);
  if (!to_node(context.arena, args[1], {}, node) || !append_go_json(out, context.arena, node)) {
    return invalid(context, {"json: unsupported type: ", type_name(args[1])});
  }
  return out.finish();
}

Value parse_yaml(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[1].text();
  if (text.size() > kTextBytesReadMax) {
    return too_long(context);
  }
  const auto source = document::Source::from_text("", text);
  Arena scratch;
  const auto root = document::read_one(*source, scratch, read_options());
  return root ? detached_value(context.arena, *root)
              : invalid(context, {"error converting YAML to JSON: ", root.error().message});
}

constexpr auto kUnmarshal = std::to_array<Overload>({
    {.id = "unmarshal_string_dyn",
     .signature = "(json.Json, dyn) -> dyn",
     .apply = unmarshal,
     .member = true},
});
constexpr auto kMarshal = std::to_array<Overload>({
    {.id = "marshal_dyn_string",
     .signature = "(json.Json, dyn) -> string",
     .apply = marshal,
     .member = true},
});
constexpr auto kParse = std::to_array<Overload>({
    {.id = "parse_string_dyn",
     .signature = "(yaml.Yaml, string) -> dyn",
     .apply = parse_yaml,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "unmarshal",
     .library = Library::KyvernoJson,
     .overloads = kUnmarshal,
     .summary = "The value of a JSON text.\njson.unmarshal('{\"a\": [1]}').a[0] == 1.0"},
    {.name = "marshal",
     .library = Library::KyvernoJson,
     .overloads = kMarshal,
     .summary = "A value as JSON text, keys in order.\n"
                "json.marshal({'b': 2, 'a': 1}) == '{\"a\":1,\"b\":2}'"},
    {.name = "parse",
     .library = Library::KyvernoYaml,
     .overloads = kParse,
     .summary = "The value of a YAML text.\nyaml.parse('a: [x]').a[0] == 'x'"},
});

}  // namespace

std::span<const Function> kyverno_document_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
