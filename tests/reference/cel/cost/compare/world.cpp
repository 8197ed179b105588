#include "world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cel/authorizer.hpp"

namespace tally::cel {
namespace {

const Type* parse(TypePool& pool, std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("(,)"), text.size());
  const std::string_view name = text.substr(0, end);
  text.remove_prefix(end);
  std::vector<const Type*> args;
  if (text.starts_with('(')) {
    while (!text.empty() && !text.starts_with(')')) {
      text.remove_prefix(std::min(text.find_first_not_of("(, "), text.size()));
      args.push_back(parse(pool, text));
    }
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
  }
  if (name == "list" && args.size() == 1) {
    return pool.list(args[0]);
  }
  if (name == "map" && args.size() == 2) {
    return pool.map(args[0], args[1]);
  }
  for (const Type* plain : {&kDyn, &kBool, &kInt, &kUint, &kDouble, &kString, &kBytes}) {
    if (plain->name == name) {
      return plain;
    }
  }
  return pool.named_struct(name);
}

std::string hex(std::string_view octets) {
  std::string text = "x";
  for (const char c : octets) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

std::string show_map(Arena& arena, const Value& map) {
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < map_size(map); ++i) {
    entries.push_back(show(arena, map_key_at(arena, map, i)) + "=" +
                      show(arena, map_value_at(arena, map, i)));
  }
  std::ranges::sort(entries);
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

std::string show_list(Arena& arena, const Value& list) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < list_size(list); ++i) {
    items.push_back(show(arena, list_at(arena, list, i)));
  }
  return fmt::format("[{}]", fmt::join(items, ", "));
}

}  // namespace

const Type* parse_type(TypePool& pool, std::string_view text) { return parse(pool, text); }

void SchemaTypes::add_field(TypePool& pool, std::string_view of, std::string_view field,
                            std::string_view type) {
  fields_[std::string(of)][std::string(field)] = parse_type(pool, type);
}

const Type* SchemaTypes::find_type(TypePool& pool, std::string_view name) const {
  return fields_.contains(name) ? pool.named_struct(name) : nullptr;
}

const Type* SchemaTypes::find_field(TypePool&, const Type& of, std::string_view field) const {
  const auto fields = fields_.find(of.name);
  if (fields == fields_.end()) {
    return nullptr;
  }
  const auto found = fields->second.find(field);
  return found == fields->second.end() ? nullptr : found->second;
}

std::optional<SizeEstimate> SizeTable::size_of(std::span<const std::string_view> path,
                                               const Type&) const {
  if (path.empty()) {
    return std::nullopt;
  }
  const auto found = sizes_.find(fmt::format("{}", fmt::join(path, ".")));
  return found == sizes_.end() ? std::nullopt : std::optional(found->second);
}

Value Allowing::ask(Arena& arena, std::string_view capability, std::string_view function,
                    std::span<const Value> args) const {
  Value verb;
  if (capability != "authorizer" || function != "check" || args.size() != 1 ||
      !map_find(arena, args[0], Value::string("verb"), verb)) {
    return make_error(arena, ErrorCode::InvalidArgument, "unexpected question");
  }
  MapBuilder answer(arena, 3);
  answer.add(Value::string("decision"), verb);
  if (verb.text() == "allow" || verb.text() == "deny") {
    answer.add(Value::string("reason"), Value::string(verb.text() == "allow" ? "because" : "no"));
  }
  if (verb.text() == "fail") {
    answer.add(Value::string("error"), Value::string("no answer"));
  }
  return answer.finish();
}

bool World::load(const std::string& data_file) {
  std::ifstream in(data_file, std::ios::binary);
  source =
      document::Source::from_text("data.json", std::string{std::istreambuf_iterator<char>(in), {}});
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  if (documents.size() != 1 || !errors.empty()) {
    std::cout << data_file << " is not one JSON document\n";
    return false;
  }
  const document::Node& root = documents[0].root;
  variables = {{"self", nullptr},
               {"authorizer", pool.opaque(kAuthorizerType)},
               {"authorizer.requestResource", pool.opaque(kResourceCheckType)}};
  values = {Value::from_node(*root.find("self")), make_authorizer(arena),
            make_request_resource(arena, {.group = "apps",
                                          .resource = "deployments",
                                          .subresource = "scale",
                                          .name_space = "shop",
                                          .name = "web"})};
  for (const document::Node& row : root.find("variables")->items()) {
    const Type* type = parse_type(pool, row.find("type")->text());
    Value value = Value::from_node(*row.find("value"));
    if (type == &kUint) {
      value = Value::unsigned_integer(static_cast<std::uint64_t>(value.as_int()));
    } else if (type == &kBytes) {
      value = Value::bytes(value.text());
    }
    variables.push_back({std::string(row.find("name")->text()), type});
    values.push_back(value);
  }
  return true;
}

bool World::make_environment() {
  variables[0].type = pool.named_struct("Self");
  auto made = Environment::create(pool, {.profile = {.dialect = Dialect::Kubernetes, .minor = 36},
                                         .container = {},
                                         .variables = variables,
                                         .functions = {},
                                         .types = &types});
  if (!made) {
    std::cout << made.error().message << "\n";
    return false;
  }
  environment.emplace(std::move(*made));
  return true;
}

std::string show(Arena& arena, const Value& value) {
  switch (value.kind()) {
    case ValueKind::Error:
      return "!" + std::string(value.as_error().message);
    case ValueKind::Unknown:
      return "unknown";
    case ValueKind::Null:
      return "null";
    case ValueKind::Bool:
      return value.as_bool() ? "true" : "false";
    case ValueKind::Int:
      return std::to_string(value.as_int());
    case ValueKind::Uint:
      return std::to_string(value.as_uint()) + "u";
    case ValueKind::Double:
      return fmt::format("double({:.17g})", value.as_double());
    case ValueKind::String:
      return fmt::format("{}:{}", value.text().size(), value.text());
    case ValueKind::Bytes:
      return hex(value.text());
    case ValueKind::Timestamp:
      return fmt::format("timestamp({}.{:09})", value.as_int(), value.nanoseconds());
    case ValueKind::Duration:
      return fmt::format("duration({})", value.as_int());
    case ValueKind::List:
      return show_list(arena, value);
    case ValueKind::Map:
      return show_map(arena, value);
    case ValueKind::Type:
      return fmt::format("type({})", value.as_type()->name);
    case ValueKind::Optional:
      return value.held() == nullptr ? "none" : "some(" + show(arena, *value.held()) + ")";
    case ValueKind::Opaque:
      return fmt::format("a {}", type_name(value));
  }
  return {};
}

}  // namespace tally::cel
