#pragma once
// The variables, types and sizes that both sides judge expressions with: the "V", "F" and "S" lines
// of main.go and the values of data.json.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/host.hpp"
#include "cel/program.hpp"
#include "cel/static_cost.hpp"
#include "document/read.hpp"

namespace tally::cel {

// The fields of the structs of the schema.
class SchemaTypes final : public TypeProvider {
 public:
  // `type` as cel-go prints types.
  void add_field(TypePool& pool, std::string_view of, std::string_view field,
                 std::string_view type);
  [[nodiscard]] const Type* find_type(TypePool& pool, std::string_view name) const override;
  [[nodiscard]] const Type* find_field(TypePool& pool, const Type& of,
                                       std::string_view field) const override;

 private:
  std::map<std::string, std::map<std::string, const Type*, std::less<>>, std::less<>> fields_;
};

// The sizes of paths, by their steps joined with dots.
class SizeTable final : public SizeEstimator {
 public:
  void add(std::string path, SizeEstimate size) { sizes_[std::move(path)] = size; }
  [[nodiscard]] std::optional<SizeEstimate> size_of(std::span<const std::string_view> path,
                                                    const Type& type) const override;

 private:
  std::map<std::string, SizeEstimate, std::less<>> sizes_;
};

// Decides what the question names as the verb.
class Allowing final : public Host {
 public:
  [[nodiscard]] Value ask(Arena& arena, std::string_view capability, std::string_view function,
                          std::span<const Value> args) const override;
};

// A type as cel-go prints it: "map(string, list(int))"; other names are structs.
[[nodiscard]] const Type* parse_type(TypePool& pool, std::string_view text);

struct World {
  TypePool pool;
  Arena arena;
  std::shared_ptr<const document::Source> source;
  std::vector<document::Document> documents;
  SchemaTypes types;
  SizeTable sizes;
  Allowing host;
  std::vector<Variable> variables;
  std::vector<Value> values;
  std::optional<Environment> environment;

  // False, with a message on standard output: data.json cannot be used.
  [[nodiscard]] bool load(const std::string& data_file);
  // After the "F" lines, before the first expression.
  [[nodiscard]] bool make_environment();
};

// A value as main.go shows it: exact, maps sorted by what their keys show.
[[nodiscard]] std::string show(Arena& arena, const Value& value);

}  // namespace tally::cel
