// Reads the two tables. Their errors are our bugs: they are part of the program.
#include "kube/internal/default_rules.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/arena.hpp"
#include "base/assert.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "kube/api_kinds.hpp"
#include "kube/internal/embedded.hpp"
#include "kube/internal/tsv.hpp"

namespace tally::kube::internal {

namespace {

DefaultCondition parse_condition(std::string_view text) {
  DefaultCondition condition;
  if (text.empty()) {
    return condition;
  }
  if (text.front() == '!') {
    condition.kind = DefaultCondition::Kind::Absent;
    condition.path = text.substr(1);
    return condition;
  }
  const auto equals = text.find('=');
  condition.path = text.substr(0, equals);
  if (equals == std::string_view::npos) {
    condition.kind = DefaultCondition::Kind::Present;
  } else {
    condition.kind = DefaultCondition::Kind::OneOf;
    condition.texts = text.substr(equals + 1);
  }
  return condition;
}

class Rules {
 public:
  Rules() : rules_(api_types().types().size()) {
    const auto types = api_types().types();
    std::unordered_map<std::string_view, TypeIndex> by_name;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (types[i].kind == TypeKind::Fields) {
        by_name.emplace(types[i].name, static_cast<TypeIndex>(i));
      }
    }
    const auto type_named = [&by_name](std::string_view name) {
      const auto found = by_name.find(name);
      TALLY_ASSERT(found != by_name.end());
      return found->second;
    };
    for_each_line(defaults_encoding_text(), [&](std::string_view line) {
      const auto column = columns<3>(line);
      const TypeIndex type = type_named(column[1]);
      TALLY_ASSERT(column[2].size() == types[type].field_count);
      rules_[type].encoding = column[2];
    });
    read_rows(type_named);
    mark_relevant(types);
  }

  [[nodiscard]] const TypeRules& of(TypeIndex type) const noexcept { return rules_[type]; }

 private:
  template <class TypeNamed>
  void read_rows(TypeNamed&& type_named) {
    struct Row {
      TypeIndex type;
      std::size_t line;
      DefaultRow row;
    };
    std::vector<Row> read;
    for_each_line(defaults_text(), [&](std::string_view line) {
      const auto column = columns<5>(line);
      values_.push_back(document::Source::from_text("defaults.tsv", column[3]));
      auto value = document::read_one(*values_.back(), arena_);
      TALLY_ASSERT(value.has_value());
      read.push_back(
          {type_named(column[1]), read.size(), {column[2], *value, parse_condition(column[4])}});
    });
    // Rows of a type stay in their order.
    std::sort(read.begin(), read.end(), [](const Row& a, const Row& b) {
      return a.type != b.type ? a.type < b.type : a.line < b.line;
    });
    rows_.reserve(read.size());
    for (const Row& row : read) {
      rows_.push_back(row.row);
    }
    for (std::size_t i = 0; i < read.size();) {
      std::size_t end = i;
      while (end < read.size() && read[end].type == read[i].type) {
        ++end;
      }
      rules_[read[i].type].rows = std::span{rows_}.subspan(i, end - i);
      i = end;
    }
  }

  // Maps and lists of plain values need no walk.
  void mark_relevant(std::span<const TypeRow> types) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      const TypeRow* type = &types[i];
      while (type->kind == TypeKind::List || type->kind == TypeKind::Map) {
        type = &types[type->element];
      }
      rules_[i].relevant = type->kind == TypeKind::Quantity ||
                           (type->kind == TypeKind::Fields && type->field_count > 0);
    }
  }

  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> values_;
  std::vector<DefaultRow> rows_;
  std::vector<TypeRules> rules_;
};

}  // namespace

const TypeRules& rules_of(TypeIndex type) {
  static const Rules kRules;
  return kRules.of(type);
}

}  // namespace tally::kube::internal
