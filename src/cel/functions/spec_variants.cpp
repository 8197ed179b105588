// Where the conformance suite of cel-spec and cel-go, which Kubernetes runs, differ: the profile
// `spec` follows the suite.
#include <array>
#include <charconv>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "cel/internal/network.hpp"
#include "cel/internal/text_size.hpp"
#include "scalar/ip_address.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

// What the overload does everywhere else.
Value usual(std::string_view id, EvalContext& context, Args args) {
  for (const std::span<const Function> family : all_functions()) {
    for (const Function& function : family) {
      for (const Overload& overload : function.overloads) {
        if (overload.id == id) {
          return overload.apply(context, args);
        }
      }
    }
  }
  return no_such_overload();
}

// timestamps, duration_converters: the part below a second.
Value millisecond_part(EvalContext&, Args args) {
  return Value::integer(args[0].as_int() / 1'000'000 % 1000);
}

// string_ext, value_errors: an offset beyond the text is an error.
template <bool kLast>
Value index_of(EvalContext& context, Args args) {
  const std::int64_t offset = args[2].as_int();
  if (offset < 0 || static_cast<std::uint64_t>(offset) > code_points(args[0].text())) {
    return make_error(context.arena, ErrorCode::IndexOutOfRange,
                      {"index out of range: ", plain_text(context.arena, args[2])});
  }
  return usual(kLast ? "string_last_index_of_string_int" : "string_index_of_string_int", context,
               args);
}

// network_ext, ipv4: an IPv4 address that is mapped into IPv6 and written in hexadecimal is the
// IPv4 address.
Value to_ip(EvalContext& context, Args args) {
  const std::string_view text = args[0].text();
  const auto parsed = scalar::IpAddress::parse_with_zone(text);
  if (!parsed || !parsed->zone.empty() || !parsed->address.is_v4_mapped() || text.contains('.')) {
    return usual("string_to_ip", context, args);
  }
  std::array<char, 16> dotted{};
  char* at = dotted.data();
  for (const char octet : parsed->address.octets().substr(12)) {
    if (at != dotted.data()) {
      *at++ = '.';
    }
    at = std::to_chars(at, dotted.data() + dotted.size(),
                       static_cast<unsigned>(static_cast<unsigned char>(octet)))
             .ptr;
  }
  const auto mapped =
      scalar::IpAddress::parse({dotted.data(), static_cast<std::size_t>(at - dotted.data())});
  return mapped ? opaque_value(context.arena, kIpKind, *mapped)
                : usual("string_to_ip", context, args);
}

struct Variant {
  std::string_view overload;
  Apply apply;
};

constexpr Variant kVariants[] = {
    {"duration_to_milliseconds", millisecond_part},
    {"string_index_of_string_int", index_of<false>},
    {"string_last_index_of_string_int", index_of<true>},
    {"string_to_ip", to_ip},
};

}  // namespace

Apply spec_variant(std::string_view overload) noexcept {
  for (const Variant& variant : kVariants) {
    if (variant.overload == overload) {
      return variant.apply;
    }
  }
  return nullptr;
}

}  // namespace tally::cel
