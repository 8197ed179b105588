#include "jmespath/functions/all.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "jmespath/expression.hpp"

namespace tally::jmespath {

namespace {

// What Kyverno 1.18 had added since kyverno-json copied its functions.
constexpr std::array<std::string_view, 5> kNotInKyvernoJson{"image_normalize", "is_external_url",
                                                            "md5", "sha1", "sha256"};

}  // namespace

std::span<const std::span<const Function>> all_functions() noexcept {
  static const std::array kFamilies{
      number_functions(),
      text_functions(),
      list_functions(),
      expression_functions(),
      type_functions(),
      kyverno_arithmetic_functions(),
      kyverno_text_functions(),
      kyverno_regex_functions(),
      kyverno_semver_functions(),
      kyverno_object_functions(),
      kyverno_encoding_functions(),
      kyverno_time_functions(),
      kyverno_image_functions(),
      kyverno_x509_functions(),
      kyverno_random_functions(),
      community_functions(),
  };
  return kFamilies;
}

const Function* find_function(std::string_view name, Dialect dialect) noexcept {
  using Table = std::map<std::string_view, const Function*>;
  // Later families replace earlier functions: Kyverno's `sum`.
  static const auto kTables = [] {
    std::array<Table, 3> tables;
    const auto add = [&](Dialect to, const Function& function) {
      tables[static_cast<std::size_t>(to)][function.name] = &function;
    };
    for (const std::span<const Function> family : all_functions()) {
      for (const Function& function : family) {
        if (function.origin == Origin::Standard) {
          add(Dialect::Standard, function);
        }
        if (function.origin != Origin::KyvernoJson) {
          add(Dialect::Kyverno, function);
        }
        if (std::ranges::find(kNotInKyvernoJson, function.name) == kNotInKyvernoJson.end()) {
          add(Dialect::KyvernoJson, function);
        }
      }
    }
    return tables;
  }();
  const Table& table = kTables[static_cast<std::size_t>(dialect)];
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace tally::jmespath
