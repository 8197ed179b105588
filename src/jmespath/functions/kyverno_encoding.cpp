// Kyverno's functions over bytes: base64 and digests.
#include <fmt/format.h>

#include <array>

#include "crypto/legacy_digest.hpp"
#include "crypto/sha256.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "scalar/base64.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool apply_base64_decode(Call& call, Arguments arguments, Node& out) {
  const scalar::Base64Decoded decoded = scalar::decode_base64(arguments[0].text());
  if (decoded.bad_offset) {
    return call.fail(fmt::format("illegal base64 data at input byte {}", *decoded.bad_offset));
  }
  return call.charge_steps(arguments[0].text().size()) && call.give_text(decoded.octets, out);
}

bool apply_base64_encode(Call& call, Arguments arguments, Node& out) {
  return call.charge_steps(arguments[0].text().size()) &&
         call.give_text(scalar::encode_base64(arguments[0].text()), out);
}

bool apply_sha256(Call& call, Arguments arguments, Node& out) {
  const auto hex = crypto::to_hex(crypto::sha256(arguments[0].text()));
  return call.charge_steps(arguments[0].text().size()) &&
         call.give_text({hex.data(), hex.size()}, out);
}

bool give_digest(Call& call, std::string_view function, const std::optional<std::string>& hex,
                 Node& out) {
  return hex ? call.give_text(*hex, out)
             : call.fail_function(function, "the system does not provide this digest");
}

bool apply_sha1(Call& call, Arguments arguments, Node& out) {
  return call.charge_steps(arguments[0].text().size()) &&
         give_digest(call, "sha1", crypto::sha1_hex(arguments[0].text()), out);
}

bool apply_md5(Call& call, Arguments arguments, Node& out) {
  return call.charge_steps(arguments[0].text().size()) &&
         give_digest(call, "md5", crypto::md5_hex(arguments[0].text()), out);
}

constexpr std::array kOneText{kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "base64_decode",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_base64_decode,
     .summary = "The text behind base64.",
     .example = "base64_decode('SGVsbG8=') == 'Hello'"},
    {.name = "base64_encode",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_base64_encode,
     .summary = "A text in base64.",
     .example = "base64_encode('Hello') == 'SGVsbG8='"},
    {.name = "md5",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_md5,
     .summary = "The MD5 digest of a text, in hexadecimal. Broken: for checksums only.",
     .example = "md5('abc') == '900150983cd24fb0d6963f7d28e17f72'"},
    {.name = "sha1",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_sha1,
     .summary = "The SHA-1 digest of a text, in hexadecimal. Broken: for checksums only.",
     .example = "sha1('abc') == 'a9993e364706816aba3e25717850c26c9cd0d89d'"},
    {.name = "sha256",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_sha256,
     .summary = "The SHA-256 digest of a text, in hexadecimal.",
     .example = "truncate(sha256('abc'), `8`) == 'ba7816bf'"},
});

}  // namespace

std::span<const Function> kyverno_encoding_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
