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
#include <charconv>
#include <tuple>
#include <unordered_map>

#include "base/assert.hpp"
#include "kube/internal/embedded.hpp"
#include "kube/internal/tsv.hpp"
#include "kube/recognised.hpp"
#include "kube/removed_apis.hpp"

namespace tally::kube {

namespace {

using document::Name;
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
                 : (n * 31 + static_cast<unsigned char>(kind[0]) * 7U +
                    static_cast<unsigned char>(kind[n / 2]) * 13U +
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
  static const Table the_table;
  return the_table;
}

const Name kSpec{"spec"};
const Name kGroup{"group"};
const Name kNames{"names"};
const Name kKind{"kind"};
const Name kPlural{"plural"};
const Name kScope{"scope"};
const Name kVersions{"versions"};
const Name kVersion{"version"};
const Name kName{"name"};

std::string_view text_at(const Node* node, const Name& name) {
  const Node* value = node == nullptr ? nullptr : node->find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string_view{};
}

std::string identity(std::string_view group, std::string_view version, std::string_view kind) {
  std::string text(group);
  text += '/';
  text += version;
  text += '/';
  text += kind;
  return text;
}

// One step of a pointer: its text with ~1 and ~0 undone is compared with keys, so that nothing is
// built.
bool token_equals(std::string_view token, std::string_view key) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < token.size(); ++i, ++at) {
    char c = token[i];
    if (c == '~' && i + 1 < token.size()) {
      c = token[++i] == '1' ? '/' : '~';
    }
    if (at >= key.size() || key[at] != c) {
      return false;
    }
  }
  return at == key.size();
}

const Node* step(const Node& node, std::string_view token, std::string_view& key) {
  if (node.is_array()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    return error == std::errc{} && end == token.data() + token.size() && index < node.size()
               ? &node.items()[index]
               : nullptr;
  }
  for (const document::Member member : node.members()) {
    if (token_equals(token, member.key)) {
      key = member.key;
      return &member.value;
    }
  }
  return nullptr;
}

// "[name=main]" or "[containerPort=80,protocol=TCP]", or empty if the item lacks every key.
std::string merge_key_text(const Node& item, std::string_view keys) {
  std::string text;
  while (!keys.empty()) {
    const auto comma = keys.find(',');
    const std::string_view key = keys.substr(0, comma);
    keys.remove_prefix(comma == std::string_view::npos ? keys.size() : comma + 1);
    const Node* value = item.find(key);
    if (value == nullptr || value->text().empty()) {
      continue;
    }
    text += text.empty() ? '[' : ',';
    text += key;
    text += '=';
    for (const char c : value->text()) {
      text += c == '~'   ? std::string_view{"~0"}
              : c == '/' ? std::string_view{"~1"}
                         : std::string_view{&c, 1};
    }
  }
  if (!text.empty()) {
    text += ']';
  }
  return text;
}

}  // namespace

const ApiTypes& api_types() {
  static const ApiTypes types = table().view();
  return types;
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

void CustomKinds::add(std::span<const Object> objects) {
  for (const Object& object : objects) {
    if (object.ref.kind != "CustomResourceDefinition" ||
        object.ref.group != "apiextensions.k8s.io") {
      continue;
    }
    const Node* spec = object.root.find(kSpec);
    const Node* names = spec == nullptr ? nullptr : spec->find(kNames);
    const ApiKind row{
        .group = text_at(spec, kGroup),
        .version = {},
        .kind = text_at(names, kKind),
        .plural = text_at(names, kPlural),
        .scope = text_at(spec, kScope) == "Cluster" ? Scope::Cluster : Scope::Namespaced,
        .type = std::nullopt,
        .subresources = {},
        .short_names = {}};
    if (row.group.empty() || row.kind.empty()) {
      continue;  // reported by the structure check of the definition itself
    }
    const auto add_version = [this, &row](std::string_view version) {
      if (version.empty()) {
        return;
      }
      const auto [place, is_new] =
          by_identity_.try_emplace(identity(row.group, version, row.kind), nullptr);
      if (is_new) {
        kinds_.push_back(row);
        kinds_.back().version = version;
        place->second = &kinds_.back();
      }
    };
    add_version(text_at(spec, kVersion));  // v1beta1
    if (const Node* versions = spec->find(kVersions); versions != nullptr && versions->is_array()) {
      for (const Node& version : versions->items()) {
        add_version(text_at(&version, kName));
      }
    }
  }
}

const ApiKind* CustomKinds::find(std::string_view group, std::string_view version,
                                 std::string_view kind) const {
  const auto at = by_identity_.find(identity(group, version, kind));
  return at == by_identity_.end() ? nullptr : at->second;
}

void CustomKinds::resolve(std::span<Object> objects) const {
  if (kinds_.empty()) {
    return;
  }
  for (Object& object : objects) {
    if (object.kind == nullptr) {
      object.kind = find(object.ref.group, object.ref.version, object.ref.kind);
    }
  }
}

std::string keyed_pointer(const Object& object, std::string_view pointer) {
  const ApiTypes& types = api_types();
  std::string out;
  const Node* node = &object.root;
  const TypeRow* type =
      object.kind != nullptr && object.kind->type ? &types.type(*object.kind->type) : nullptr;
  std::string_view list_keys;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto slash = pointer.find('/');
    const std::string_view token = pointer.substr(0, slash);
    pointer.remove_prefix(slash == std::string_view::npos ? pointer.size() : slash);

    const bool in_list = node != nullptr && node->is_array();
    std::string_view key;
    node = node == nullptr ? nullptr : step(*node, token, key);
    std::string merged = in_list && node != nullptr && !list_keys.empty()
                             ? merge_key_text(*node, list_keys)
                             : std::string{};
    out += '/';
    out += merged.empty() ? token : std::string_view{merged};

    list_keys = {};
    if (type != nullptr && type->kind == TypeKind::Fields) {
      const FieldRow* field = types.find(*type, key);
      list_keys = field == nullptr ? std::string_view{} : field->list_map_keys;
      type = field == nullptr ? nullptr : &types.type(field->type);
    } else {
      const bool has_element =
          type != nullptr && (type->kind == TypeKind::List || type->kind == TypeKind::Map);
      type = has_element ? &types.type(type->element) : nullptr;
    }
  }
  return out;
}

}  // namespace tally::kube
