// The encoders library of cel-go (ext/encoders.go of v0.31), versions 0 and 1.
#include <array>

#include "cel/cost.hpp"
#include "cel/functions/all.hpp"
#include "cel/internal/base64.hpp"
#include "cel/internal/go_json.hpp"

namespace tally::cel {

namespace {

Value decode(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  Base64Decoded decoded = decode_base64(context.arena, text, Padding::Required);
  if (decoded.bad_offset) {
    decoded = decode_base64(context.arena, text, Padding::Forbidden);
  }
  if (decoded.bad_offset) {
    return invalid(context, {"illegal base64 data at input byte ",
                             decimal(context.arena, std::uint64_t{*decoded.bad_offset})});
  }
  return Value::bytes(decoded.octets);
}

Value encode(EvalContext& context, std::span<const Value> args) {
  TextBuilder out(context.arena, (args[0].text().size() + 2) / 3 * 4);
  append_base64(out, args[0].text());
  return out.finish();
}

Value encode_json(EvalContext& context, std::span<const Value> args) {
  document::Node node;
  TextBuilder out(context.arena);
  if (!to_node(context.arena, args[0], {}, node) || !append_go_json(out, context.arena, node)) {
    return invalid(context, {"cannot convert ", type_name(args[0]), " to JSON value"});
  }
  return out.finish();
}

// ext/encoders.go, trackEncode and trackDecode.
std::uint64_t charge_scan(EvalContext& /*context*/, std::span<const Value> args,
                          const Value& /*result*/) {
  return 1 + traversal_cost(actual_size(args[0]));
}

// Upstream does not estimate json.encode yet and charges all there is; the size of the result says
// more.
std::uint64_t charge_json(EvalContext& /*context*/, std::span<const Value> /*args*/,
                          const Value& result) {
  return 1 + traversal_cost(actual_size(result));
}

constexpr auto kDecode = std::to_array<Overload>({
    {.id = "base64_decode_string",
     .signature = "(string) -> bytes",
     .apply = decode,
     .charge = charge_scan},
});
constexpr auto kEncode = std::to_array<Overload>({
    {.id = "base64_encode_bytes",
     .signature = "(bytes) -> string",
     .apply = encode,
     .charge = charge_scan},
});
constexpr auto kEncodeJson = std::to_array<Overload>({
    {.id = "json_encode_dyn",
     .signature = "(dyn) -> string",
     .apply = encode_json,
     .charge = charge_json},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "base64.decode",
     .library = Library::Encoders,
     .overloads = kDecode,
     .summary = "The bytes that a base64 text stands for; padding may be missing.\n"
                "base64.decode('aGVsbG8=') == b'hello'"},
    {.name = "base64.encode",
     .library = Library::Encoders,
     .overloads = kEncode,
     .summary = "Bytes as base64 text.\nbase64.encode(b'hello') == 'aGVsbG8='"},
    {.name = "json.encode",
     .library = Library::Encoders,
     .library_version = 1,
     .overloads = kEncodeJson,
     .summary = "A value as JSON text, keys in order.\n"
                "json.encode({'hello': 'world'}) == '{\"hello\":\"world\"}'"},
});

}  // namespace

std::span<const Function> encoder_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
