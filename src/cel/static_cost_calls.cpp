// Calls of libraries: those of ext.Lists and ext.Sets by overload, as these bring estimators of
// their own, then those of k8s.io/apiserver/pkg/cel/library/cost.go (EstimateCallCost) by function.
// Functions that are not named here cost 1.
#include <algorithm>
#include <cmath>
#include <limits>

#include "cel/authorizer.hpp"
#include "cel/cost.hpp"
#include "cel/cost_limits.hpp"
#include "cel/internal/estimates.hpp"

namespace tally::cel {
namespace {

constexpr double kTextFactor = 0.1;      // StringTraversalCostFactor
constexpr double kPatternFactor = 0.25;  // RegexStringLengthCostFactor
constexpr std::uint64_t kCheckCost = 350'000;

enum class Price : std::uint8_t {
  // ext/lists.go and ext/sets.go
  Slice,
  Flatten,
  Range,
  Reverse,
  Distinct,
  SetsOnce,
  SetsTwice,
  // library/cost.go
  Check,
  Selector,
  Elements,
  TraverseArgument,       // 0.1 of args[0]
  TraverseArgumentTwice,  // 0.2 of args[0]
  ResultLikeArgument,     // 0.1 of args[0], and the result is as long
  ResultLikeTarget,       // 0.1 of the receiver, and the result is as long
  Replace,
  Split,
  Join,
  Find,
  Ip,
  ContainsIp,
  ContainsCidr,
  Validate,
  Equality,
};

struct Row {
  std::string_view name;
  Price price;
};

constexpr Row kByOverload[] = {
    {"list_slice", Price::Slice},
    {"list_flatten", Price::Flatten},
    {"list_flatten_int", Price::Flatten},
    {"lists_range", Price::Range},
    {"list_reverse", Price::Reverse},
    {"list_distinct", Price::Distinct},
    {"list_sets_contains_list", Price::SetsOnce},
    {"list_sets_intersects_list", Price::SetsOnce},
    {"list_sets_equivalent_list", Price::SetsTwice},
};

constexpr Row kByFunction[] = {
    {"check", Price::Check},
    {"fieldSelector", Price::Selector},
    {"labelSelector", Price::Selector},
    {"isSorted", Price::Elements},
    {"sum", Price::Elements},
    {"max", Price::Elements},
    {"min", Price::Elements},
    {"indexOf", Price::Elements},
    {"lastIndexOf", Price::Elements},
    {"url", Price::ResultLikeArgument},
    {"jsonpatch.escapeKey", Price::ResultLikeArgument},
    {"lowerAscii", Price::ResultLikeTarget},
    {"upperAscii", Price::ResultLikeTarget},
    {"substring", Price::ResultLikeTarget},
    {"trim", Price::ResultLikeTarget},
    {"replace", Price::Replace},
    {"split", Price::Split},
    {"join", Price::Join},
    {"find", Price::Find},
    {"findAll", Price::Find},
    {"cidr", Price::TraverseArgument},
    {"isIP", Price::TraverseArgument},
    {"isCIDR", Price::TraverseArgument},
    {"quantity", Price::TraverseArgument},
    {"isQuantity", Price::TraverseArgument},
    {"semver", Price::TraverseArgument},
    {"isSemver", Price::TraverseArgument},
    {"ip", Price::Ip},
    {"ip.isCanonical", Price::TraverseArgumentTwice},
    {"containsIP", Price::ContainsIp},
    {"containsCIDR", Price::ContainsCidr},
    {"validate", Price::Validate},
    {"_==_", Price::Equality},
};

// Values whose comparison takes constant time.
constexpr std::string_view kPlainlyCompared[] = {
    "net.IP",
    "net.CIDR",
    "kubernetes.Quantity",
    "kubernetes.Semver",
    kAuthorizerType,
    kResourceCheckType,
    "kubernetes.authorization.PathCheck",
    "kubernetes.authorization.GroupCheck",
    "kubernetes.authorization.Decision",
};

const Row* find(std::span<const Row> rows, std::string_view name) noexcept {
  const auto row = std::ranges::find(rows, name, &Row::name);
  return row == rows.end() ? nullptr : &*row;
}

// nodeAsIntValue.
std::uint64_t literal_int(const CallOperand& operand, std::uint64_t otherwise) noexcept {
  if (operand.expr == nullptr || operand.expr->kind != ExprKind::Literal ||
      !operand.expr->value.is(ValueKind::Int)) {
    return otherwise;
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>(operand.expr->value.as_int(), 0));
}

bool is_text(const Type& type) noexcept {
  return type.kind == TypeKind::String || type.kind == TypeKind::Bytes ||
         (type.kind == TypeKind::Wrapper && is_text(*type.args[0]));
}

class Pricing {
 public:
  Pricing(const CallSite& call, Paths& paths, const SizeEstimator* sizes)
      : call_(call), paths_(paths), sizes_(sizes) {}

  std::optional<CallEstimate> by_overload() const {
    if (const Row* row = find(kByOverload, call_.overload)) {
      return price(row->price);
    }
    // One overload for each type of element, "list_string_sort": texts cost more.
    if (!call_.overload.starts_with("list_")) {
      return std::nullopt;
    }
    if (call_.overload.ends_with("_sort") && call_.target != nullptr && call_.args.empty()) {
      return compare_all(*call_.target);
    }
    if (call_.overload.ends_with("_sortByAssociatedKeys") && call_.target != nullptr &&
        call_.args.size() == 1) {
      return compare_all(call_.args[0]);
    }
    return std::nullopt;
  }

  std::optional<CallEstimate> by_function() const {
    const Row* row = find(kByFunction, call_.function);
    return row == nullptr ? std::nullopt : price(row->price);
  }

 private:
  using Answer = std::optional<CallEstimate>;

  Answer price(Price price) const {
    const bool has_target = call_.target != nullptr;
    const std::size_t count = call_.args.size();
    switch (price) {
      case Price::Slice:
        return has_target && count == 2 ? slice() : std::nullopt;
      case Price::Flatten:
        return has_target && count <= 1 ? flatten() : std::nullopt;
      case Price::Range:
        return !has_target && count == 1
                   ? allocating(1, exactly(literal_int(call_.args[0], UINT64_MAX)))
                   : std::nullopt;
      case Price::Reverse:
        return has_target && count == 0 ? allocating(1, size(*call_.target)) : std::nullopt;
      case Price::Distinct:
        return has_target && count == 0 ? distinct() : std::nullopt;
      case Price::SetsOnce:
        return count == 2 ? sets(1) : std::nullopt;
      case Price::SetsTwice:
        return count == 2 ? sets(2) : std::nullopt;
      case Price::Check:
        return CallEstimate{exactly(kCheckCost), {}};
      case Price::Selector:
        return count == 1 ? selector() : std::nullopt;
      case Price::Elements:
        return has_target ? elements() : std::nullopt;
      case Price::TraverseArgument:
        return count >= 1 ? traverse(call_.args[0], 1) : std::nullopt;
      case Price::TraverseArgumentTwice:
        return count >= 1 ? traverse(call_.args[0], 2) : std::nullopt;
      case Price::ResultLikeArgument:
        return count == 1 ? result_like(call_.args[0]) : std::nullopt;
      case Price::ResultLikeTarget:
        return has_target ? result_like(*call_.target) : std::nullopt;
      case Price::Replace:
        return has_target && count >= 2 ? replace() : std::nullopt;
      case Price::Split:
        return has_target ? split() : std::nullopt;
      case Price::Join:
        return has_target ? join() : std::nullopt;
      case Price::Find:
        return has_target && count >= 1 ? find_pattern() : std::nullopt;
      case Price::Ip:
        if (call_.overload == "cidr_ip") {
          return CallEstimate{exactly(1), {}};
        }
        return count >= 1 ? traverse(call_.args[0], 1) : std::nullopt;
      case Price::ContainsIp:
        return count >= 1 ? contains_ip() : std::nullopt;
      case Price::ContainsCidr:
        return count >= 1 ? contains_cidr() : std::nullopt;
      case Price::Validate:
        return count >= 1 ? validate() : std::nullopt;
      case Price::Equality:
        return count == 2 ? equality() : std::nullopt;
    }
    return std::nullopt;
  }

  // sizeEstimate: what the expression says, else what the host says.
  Estimate size(const CallOperand& operand) const {
    if (operand.computed_size) {
      return *operand.computed_size;
    }
    if (sizes_ != nullptr) {
      if (const auto known = sizes_->size_of(paths_.steps(operand.path), *operand.type)) {
        return *known;
      }
    }
    return kUnbounded;
  }

  // An item of a list, or what stands first in another type with parameters; no type if neither.
  CallOperand item_of(const CallOperand& list) const {
    CallOperand item;
    if (list.type->arg_count == 0 || list.type->kind == TypeKind::Wrapper) {
      return item;
    }
    item.type = list.type->args[0];
    if (list.path.size != 0) {
      item.path = paths_.append_copy(list.path, "@items");
    }
    return item;
  }

  // --- ext/lists.go, ext/sets.go

  static Answer allocating(double factor, Estimate list) {
    return CallEstimate{add(scale(list, factor), exactly(1 + kListCreateCost)), list};
  }

  Answer slice() const {
    const std::uint64_t end_otherwise = size(*call_.target).max;
    // The difference wraps as it does there, when the end is before the start.
    return allocating(
        1, exactly(literal_int(call_.args[1], end_otherwise) - literal_int(call_.args[0], 0)));
  }

  Answer flatten() const {
    const std::uint64_t depth = call_.args.empty() ? 1 : literal_int(call_.args[0], UINT64_MAX);
    return allocating(static_cast<double>(depth), size(*call_.target));
  }

  Answer distinct() const {
    const Estimate list = size(*call_.target);
    return allocating(2, multiply(list, list));
  }

  Answer compare_all(const CallOperand& keys) const {
    const Estimate list = size(keys);
    const bool texts =
        call_.overload.starts_with("list_string_") || call_.overload.starts_with("list_bytes_");
    return allocating(texts ? 2 + kTextFactor : 2, multiply(list, list));
  }

  Answer sets(double factor) const {
    const Estimate pairs = multiply(size(call_.args[0]), size(call_.args[1]));
    return CallEstimate{add(scale(pairs, factor), exactly(1)), {}};
  }

  // --- library/cost.go

  Answer traverse(const CallOperand& operand, double times) const {
    return CallEstimate{scale(size(operand), times * kTextFactor), {}};
  }

  Answer result_like(const CallOperand& operand) const {
    const Estimate text = size(operand);
    return CallEstimate{scale(text, kTextFactor), text};
  }

  // selectorCostEstimate: a list, parsing, and one requirement for two characters.
  Answer selector() const {
    const Estimate text = size(call_.args[0]);
    const Estimate requirements =
        scale(scale(text, 0.5), static_cast<double>(kListCreateCost + kStructCreateCost));
    return CallEstimate{add(add(exactly(kListCreateCost), scale(text, kTextFactor)), requirements),
                        {}};
  }

  Answer elements() const {
    const Estimate all = size(*call_.target);
    const CallOperand item = item_of(*call_.target);
    if (item.type == nullptr) {  // a text
      return CallEstimate{scale(all, kTextFactor), {}};
    }
    Estimate each = exactly(1);
    if (is_text(*item.type)) {
      each = add(each, scale(size(item), kTextFactor));
    }
    return CallEstimate{multiply(all, each), {}};
  }

  // uint64(math.Ceil(float64(a) / float64(b))) of Go on amd64, where 2^64 becomes 2^63.
  static std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
    constexpr double kTwoTo64 = 18446744073709551616.0;
    const double quotient = std::ceil(static_cast<double>(a) / static_cast<double>(b));
    return quotient >= kTwoTo64 ? std::uint64_t{1} << 63U : static_cast<std::uint64_t>(quotient);
  }

  Answer replace() const {
    const Estimate text = size(*call_.target);
    const Estimate from = size(call_.args[0]);
    const Estimate to = size(call_.args[1]);
    Estimate count;
    Estimate retained;
    // The longest result. An empty text is found before every character and at the end; a
    // replacement that is not longer leaves the length.
    if (from.min == 0) {
      count.max = text.max < UINT64_MAX ? text.max + 1 : text.max;
      retained.max = text.max;
    } else if (to.max <= from.min) {
      retained.max = text.max;
    } else {
      count.max = divide_up(text.max, from.min);
    }
    // The shortest result.
    if (from.max == 0) {
      count.min = text.min < UINT64_MAX ? text.min + 1 : text.min;
      retained.min = text.min;
    } else if (from.max <= to.min) {
      retained.min = text.min;
    } else {
      count.min = divide_up(text.min, from.max);
    }
    return CallEstimate{scale(text, 2 * kTextFactor), add(multiply(count, to), retained)};
  }

  Answer split() const {
    const Estimate text = size(*call_.target);
    std::uint64_t parts = text.max;
    if (call_.args.size() > 1) {
      const Expr* limit = call_.args[1].expr;
      if (limit != nullptr && limit->kind == ExprKind::Literal && limit->value.is(ValueKind::Int)) {
        parts = static_cast<std::uint64_t>(limit->value.as_int());
      }
    }
    return CallEstimate{scale(text, 2 * kTextFactor), Estimate{0, parts}};
  }

  Answer join() const {
    Estimate text;
    const Estimate list = size(*call_.target);
    if (const CallOperand item = item_of(*call_.target); item.type != nullptr) {
      text = multiply(list, size(item));
    }
    if (!call_.args.empty()) {
      const Estimate gaps{list.min > 0 ? list.min - 1 : 0, list.max > 0 ? list.max - 1 : 0};
      text = add(text, multiply(size(call_.args[0]), gaps));
    }
    return CallEstimate{scale(text, kTextFactor), text};
  }

  Answer find_pattern() const {
    const Estimate text = size(*call_.target);
    const Estimate pattern = scale(size(call_.args[0]), kPatternFactor);
    return CallEstimate{multiply(scale(add(text, exactly(1)), kTextFactor), pattern),
                        Estimate{0, text.max}};
  }

  static constexpr Estimate kAddressBytes{4, 16};

  Estimate text_argument(std::string_view overload) const {
    return call_.overload == overload ? scale(size(call_.args[0]), kTextFactor) : exactly(0);
  }

  Answer contains_ip() const {
    return CallEstimate{add(scale(add(kAddressBytes, kAddressBytes), kTextFactor),
                            text_argument("cidr_contains_ip_string")),
                        {}};
  }

  Answer contains_cidr() const {
    const Estimate compared = scale(add(kAddressBytes, kAddressBytes), kTextFactor);
    const Estimate masked = add(scale(kAddressBytes, kTextFactor), exactly(1));
    return CallEstimate{add(add(compared, masked), text_argument("cidr_contains_cidr_string")), {}};
  }

  Answer validate() const {
    return CallEstimate{scale(scale(size(call_.args[0]), kTextFactor),
                              static_cast<double>(kNameFormatPatternSizeMax) * kPatternFactor),
                        {}};
  }

  Answer equality() const {
    const Type& left = *call_.args[0].type;
    if (left.kind != call_.args[1].type->kind || left.name != call_.args[1].type->name ||
        (left.kind != TypeKind::Opaque && left.kind != TypeKind::Struct)) {
      return std::nullopt;
    }
    if (std::ranges::find(kPlainlyCompared, left.name) != std::end(kPlainlyCompared)) {
      return CallEstimate{exactly(1), {}};
    }
    if (left.name == "kubernetes.NamedFormat") {
      return CallEstimate{scale({1, kFormatSizeMax}, kTextFactor), {}};
    }
    if (left.name == "kubernetes.URL") {
      const auto text = call_.args[1].computed_size;  // of the right one only, as there
      return CallEstimate{scale({1, text ? text->max : 1}, kTextFactor), {}};
    }
    return std::nullopt;
  }

  const CallSite& call_;
  Paths& paths_;
  const SizeEstimator* sizes_;
};

}  // namespace

std::optional<CallEstimate> estimate_library_call(const CallSite& call, Paths& paths,
                                                  const SizeEstimator* sizes) {
  const Pricing pricing(call, paths, sizes);
  if (auto price = pricing.by_overload()) {
    return price;
  }
  return pricing.by_function();
}

}  // namespace tally::cel
