#pragma once
// The structural types of the Kubernetes API, as flat arrays: rows of types, rows of fields, and
// per type a small open-addressing table from the symbol of a field name to its row. api_kinds.hpp
// gives the kinds that use them. Immutable once loaded.

#include <cstdint>
#include <span>
#include <string_view>

#include "document/node.hpp"
#include "document/symbol.hpp"

namespace tally::kube {

using TypeIndex = std::uint16_t;

enum class TypeKind : std::uint8_t {
  Fields,      // an object with known fields
  FreeObject,  // any object (x-kubernetes-preserve-unknown-fields, RawExtension, FieldsV1)
  Map,         // any keys, values of one type
  List,
  String,
  Enum,   // one of texts
  Bytes,  // base64
  Int32,
  Int64,
  Number,
  Bool,
  Quantity,
  IntOrString,
  Time,
  MicroTime,
  Any,
};

enum class ListKind : std::uint8_t { Atomic, Set, Map, Unspecified };

struct FieldRow {
  document::Symbol symbol = document::kNoSymbol;
  TypeIndex type = 0;
  ListKind list = ListKind::Unspecified;
  std::uint64_t required = 0;  // its bit in TypeRow::required, or 0
  std::string_view name;
  std::string_view list_map_keys;  // comma-separated merge keys of a list of objects, or empty
};

struct TypeRow {
  TypeKind kind = TypeKind::Any;
  TypeIndex element = 0;  // of Map and List
  std::uint16_t field_count = 0;
  std::uint16_t slot_mask = 0;
  std::uint32_t first_field = 0;
  std::uint32_t first_slot = 0;
  std::uint64_t required = 0;  // union of its fields' bits
  std::string_view name;       // "core.v1.Container"; for others the text of the table, "[]string"
};

// What a walk needs of a field, in one place: the entry of the open-addressing table. symbol 0:
// empty.
struct FieldSlot {
  document::Symbol symbol = document::kNoSymbol;
  std::uint16_t field = 0;  // position among the type's fields
  TypeIndex type = 0;
  TypeKind kind = TypeKind::Any;  // of that type
  std::uint8_t required = 0;      // its bit's position + 1, or 0
};

class ApiTypes {
 public:
  [[nodiscard]] const TypeRow& type(TypeIndex index) const noexcept { return types_[index]; }
  [[nodiscard]] std::span<const TypeRow> types() const noexcept { return types_; }
  [[nodiscard]] std::span<const FieldRow> fields(const TypeRow& type) const noexcept {
    return fields_.subspan(type.first_field, type.field_count);
  }
  // The field of a Fields type, or null. O(1).
  [[nodiscard]] const FieldSlot* slot(const TypeRow& type, document::Symbol symbol) const noexcept {
    if (symbol == document::kNoSymbol || type.field_count == 0) {
      return nullptr;
    }
    const FieldSlot* slots = slots_.data() + type.first_slot;
    for (std::uint32_t at = symbol & type.slot_mask;; at = (at + 1) & type.slot_mask) {
      if (slots[at].symbol == symbol) {
        return &slots[at];
      }
      if (slots[at].symbol == document::kNoSymbol) {
        return nullptr;
      }
    }
  }
  [[nodiscard]] const FieldRow& field(const TypeRow& type, const FieldSlot& slot) const noexcept {
    return fields_[type.first_field + slot.field];
  }
  [[nodiscard]] const FieldRow* find(const TypeRow& type, document::Symbol symbol) const noexcept {
    const FieldSlot* found = slot(type, symbol);
    return found == nullptr ? nullptr : &field(type, *found);
  }
  [[nodiscard]] const FieldRow* find(const TypeRow& type, std::string_view name) const noexcept {
    return find(type, document::find_symbol(name));
  }

  // Views of the arrays that the table of API kinds owns.
  ApiTypes(std::span<const TypeRow> types, std::span<const FieldRow> fields,
           std::span<const FieldSlot> slots) noexcept
      : types_(types), fields_(fields), slots_(slots) {}

 private:
  std::span<const TypeRow> types_;
  std::span<const FieldRow> fields_;
  std::span<const FieldSlot> slots_;
};

// The types of the built-in kinds; loads the table of API kinds on first use.
[[nodiscard]] const ApiTypes& api_types();

}  // namespace tally::kube
