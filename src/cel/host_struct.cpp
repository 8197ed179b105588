// Values of struct types that a host declares (Object{...}, JSONPatch{...} of Kubernetes): maps
// that know their type.
#include <algorithm>

#include "cel/internal/code.hpp"

namespace tally::cel {

namespace {

class HostStruct final : public HostMap {
 public:
  HostStruct(const Type& type, std::span<const std::string_view> fields,
             std::span<const Value> values) noexcept
      : type_(&type), fields_(fields), values_(values) {}

  [[nodiscard]] std::size_t size() const override { return fields_.size(); }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return Value::string(fields_[i]);
  }
  [[nodiscard]] Value value_at(Arena&, std::size_t i) const override { return values_[i]; }
  [[nodiscard]] bool find(Arena&, const Value& key, Value& out) const override {
    const auto found =
        key.is(ValueKind::String) ? std::ranges::find(fields_, key.text()) : fields_.end();
    if (found == fields_.end()) {
      return false;
    }
    out = values_[static_cast<std::size_t>(found - fields_.begin())];
    return true;
  }
  [[nodiscard]] bool has(Arena&, std::string_view field) const override {
    return std::ranges::find(fields_, field) != fields_.end();
  }
  [[nodiscard]] const Type* type() const override { return type_; }

 private:
  const Type* type_;
  std::span<const std::string_view> fields_;
  std::span<const Value> values_;
};

}  // namespace

Value make_host_struct(Arena& arena, const Type& type, std::span<const std::string_view> fields,
                       std::span<const Value> values) {
  return Value::map(static_cast<const HostMap*>(arena.create<HostStruct>(type, fields, values)));
}

}  // namespace tally::cel
