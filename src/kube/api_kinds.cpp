// The text of content/api/v1.36.tsv, tab-separated ("-" or absent: nothing):
//   V  release
//   K  group  version  kind  plural  N|C (scope)  subresources  short names  type
//   T  type                              begins a type with fields
//   F  name  type  required  list type  list map keys
// Type texts: a name of a T line, []T, {}T (a map), enum(a|b), object (any object), any, string,
// byte, int32, int64, number, bool, quantity, int-or-string, time, microtime.
#include "kube/api_kinds.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>
#include <unordered_map>

#include "base/assert.hpp"
#include "kube/internal/embedded.hpp"
#include "kube/internal/tsv.hpp"
#include "kube/recognised.hpp"
#include "kube/removed_apis.hpp"

namespace tally::kube {

namespace {

using document::Node;

struct Scalar {
  std::string_view text;
  TypeKind kind;
};
constexpr auto kScalars = std::to_array<Scalar>({
    {"string", TypeKind::String},
    {"int32", TypeKind::Int32},
    {"bool", TypeKind::Bool},
    {"int64", TypeKind::Int64},
    {"quantity", TypeKind::Quantity},
    {"int-or-string", TypeKind::IntOrString},
    {"time", TypeKind::Time},
    {"microtime", TypeKind::MicroTime},
    {"object", TypeKind::FreeObject},
    {"any", TypeKind::Any},
    {"number", TypeKind::Number},
    {"byte", TypeKind::Bytes},
});

class Table {
 public:
  Table() {
    for (const Scalar& scalar : kScalars) {
      TypeRow row;
      row.kind = scalar.kind;
      row.name = scalar.text;
      by_name_.emplace(scalar.text, append(row));
    }
    // Types may be named before they are defined.
    internal::for_each_line(internal::api_kinds_text(), [this](std::string_view line) {
      if (line.starts_with("T\t")) {
        TypeRow row;
        row.kind = TypeKind::Fields;
        row.name = line.substr(2);
        by_name_.emplace(row.name, append(row));
      }
    });
    internal::for_each_line(internal::api_kinds_text(),
                            [this](std::string_view line) { read(line); });
    finish_type();
    std::sort(kinds_.begin(), kinds_.end(), [](const ApiKind& a, const ApiKind& b) {
      return std::tie(a.group, a.version, a.kind) < std::tie(b.group, b.version, b.kind);
    });
    index_kinds();
  }

  [[nodiscard]] ApiTypes view() const noexcept { return {types_, fields_, slots_}; }
  [[nodiscard]] std::span<const ApiKind> kinds() const noexcept { return kinds_; }
  [[nodiscard]] std::string_view release() const noexcept { return release_; }

  // Kinds with this name, chained; -1 ends the chain.
  template <class Wanted>
  [[nodiscard]] const ApiKind* find(std::string_view kind, Wanted&& wanted) const noexcept {
    for (std::int16_t at = heads_[slot(kind)]; at >= 0; at = next_[static_cast<std::size_t>(at)]) {
      const ApiKind& row = kinds_[static_cast<std::size_t>(at)];
      if (row.kind == kind && wanted(row)) {
        return &row;
      }
    }
    return nullptr;
  }

 private:
  TypeIndex append(const TypeRow& row) {
    types_.push_back(row);
    TALLY_ASSERT(types_.size() < 0xFFFF);
    return static_cast<TypeIndex>(types_.size() - 1);
  }

  void read(std::string_view line) {
    const auto found = internal::columns<9>(line);
    const auto at = [&found](std::size_t i) {
      return found[i] == "-" ? std::string_view{} : found[i];
    };
    switch (line.front()) {
      case 'V':
        release_ = found[1];
        break;
      case 'K':
        kinds_.push_back({.group = at(1),
                          .version = at(2),
                          .kind = at(3),
                          .plural = at(4),
                          .scope = at(5) == "N" ? Scope::Namespaced : Scope::Cluster,
                          .type = type_of(at(8)),
                          .subresources = at(6),
                          .short_names = at(7)});
        break;
      case 'T':
        finish_type();
        open_ = type_of(at(1));
        types_[open_].first_field = static_cast<std::uint32_t>(fields_.size());
        break;
      case 'F':
        add_field(at(1), at(2), at(3) == "required", at(4), at(5));
        break;
      default:
        TALLY_ASSERT(false);
    }
  }

  void add_field(std::string_view name, std::string_view type, bool required, std::string_view list,
                 std::string_view keys) {
    FieldRow field{.symbol = document::intern(name),
                   .type = type_of(type),
                   .list = ListKind::Unspecified,
                   .required = 0,
                   .name = name,
                   .list_map_keys = keys};
    field.list = list == "atomic" ? ListKind::Atomic
                 : list == "set"  ? ListKind::Set
                 : list == "map"  ? ListKind::Map
                                  : ListKind::Unspecified;
    TypeRow& owner = types_[open_];
    if (required) {
      TALLY_ASSERT(owner.field_count < 63);  // FieldSlot::required and the shift by it
      field.required = std::uint64_t{1} << owner.field_count;
      owner.required |= field.required;
    }
    ++owner.field_count;
    fields_.push_back(field);
  }

  void finish_type() {
    TypeRow& row = types_[open_];
    if (row.field_count == 0) {
      return;
    }
    const std::uint32_t size = std::bit_ceil(std::uint32_t{row.field_count} * 2U);
    row.first_slot = static_cast<std::uint32_t>(slots_.size());
    row.slot_mask = static_cast<std::uint16_t>(size - 1);
    slots_.resize(slots_.size() + size);
    for (std::uint16_t i = 0; i < row.field_count; ++i) {
      const FieldRow& field = fields_[row.first_field + i];
      std::uint32_t at = field.symbol & row.slot_mask;
      while (slots_[row.first_slot + at].symbol != document::kNoSymbol) {
        at = (at + 1) & row.slot_mask;
      }
      slots_[row.first_slot + at] = {
          .symbol = field.symbol,
          .field = i,
          .type = field.type,
          .kind = types_[field.type].kind,
          .required = static_cast<std::uint8_t>(
              field.required == 0 ? 0 : std::countr_zero(field.required) + 1)};
    }
  }

  TypeIndex type_of(std::string_view text) {
    if (const auto known = by_name_.find(text); known != by_name_.end()) {
      return known->second;
    }
    TypeRow row;
    row.name = text;
    if (text.starts_with("[]") || text.starts_with("{}")) {
      row.kind = text[0] == '[' ? TypeKind::List : TypeKind::Map;
      row.element = type_of(text.substr(2));
    } else {
      TALLY_ASSERT(text.starts_with("enum("));
      row.kind = TypeKind::Enum;
    }
    const TypeIndex index = append(row);
    by_name_.emplace(text, index);
    return index;
  }

  void index_kinds() {
    next_.assign(kinds_.size(), -1);
    for (std::size_t i = kinds_.size(); i-- > 0;) {
      std::int16_t& head = heads_[slot(kinds_[i].kind)];
      next_[i] = head;
      head = static_cast<std::int16_t>(i);
    }
  }

  [[nodiscard]] static std::size_t slot(std::string_view kind) noexcept {
    const std::size_t n = kind.size();
    return n < 3 ? n
                 : (n * 31 + std::size_t{static_cast<unsigned char>(kind[0])} * 7 +
                    std::size_t{static_cast<unsigned char>(kind[n / 2])} * 13 +
                    static_cast<unsigned char>(kind[n - 3])) %
                       kHeads;
  }

  static constexpr std::size_t kHeads = 256;
  std::string_view release_;
  std::vector<ApiKind> kinds_;
  std::vector<std::int16_t> next_;
  std::array<std::int16_t, kHeads> heads_ = [] {
    std::array<std::int16_t, kHeads> empty{};
    empty.fill(-1);
    return empty;
  }();
  std::vector<TypeRow> types_;
  std::vector<FieldRow> fields_;
  std::vector<FieldSlot> slots_;
  std::unordered_map<std::string_view, TypeIndex> by_name_;
  TypeIndex open_ = 0;  // the type whose fields are being read; 0 is a scalar, without fields
};

const Table& table() {
  static const Table kTable;
  return kTable;
}

}  // namespace

const ApiTypes& api_types() {
  static const ApiTypes kTypes = table().view();
  return kTypes;
}

void load_api_kinds() { static_cast<void>(table()); }

std::string_view api_version_of_table() { return table().release(); }

std::span<const ApiKind> api_kinds() { return table().kinds(); }

const ApiKind* find_kind(std::string_view group, std::string_view version, std::string_view kind) {
  return table().find(
      kind, [&](const ApiKind& row) { return row.version == version && row.group == group; });
}

const ApiKind* find_kind_any_version(std::string_view group, std::string_view kind) {
  return table().find(kind, [&](const ApiKind& row) { return row.group == group; });
}

const ApiKind* find_kind_any_group(std::string_view kind) {
  return table().find(kind, [](const ApiKind&) { return true; });
}

const ApiKind* find_resource(std::string_view group, std::string_view version,
                             std::string_view plural) {
  const auto rows = table().kinds();
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const ApiKind& row) {
    return row.plural == plural && row.version == version && row.group == group;
  });
  return at == rows.end() ? nullptr : &*at;
}

bool is_builtin_group(std::string_view group) {
  const auto rows = table().kinds();
  return group == "extensions" ||
         std::any_of(rows.begin(), rows.end(),
                     [group](const ApiKind& row) { return row.group == group; });
}

// k8s.io/apimachinery pkg/api/meta/restmapper.go, UnsafeGuessKindToResource.
std::string guess_plural(std::string_view kind) {
  std::string plural(kind);
  std::transform(plural.begin(), plural.end(), plural.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (plural.empty() || plural.ends_with("endpoints")) {
    return plural;
  }
  if (plural.back() == 's') {
    return plural + "es";
  }
  if (plural.back() == 'y') {
    plural.pop_back();
    return plural + "ies";
  }
  return plural + "s";
}

bool is_namespaced(const Object& object) {
  if (object.kind != nullptr) {
    return object.kind->scope == Scope::Namespaced;
  }
  if (const ApiKind* kind = find_kind_any_version(object.ref.group, object.ref.kind)) {
    return kind->scope == Scope::Namespaced;
  }
  if (const RemovedApi* removed = find_removed_api(object.ref)) {
    return removed->namespaced;
  }
  const RecognisedKind* recognised = recognise(object.ref);
  return recognised == nullptr || recognised->scope == RecognisedScope::Namespaced;
}

}  // namespace tally::kube
