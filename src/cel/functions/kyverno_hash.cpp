// Kyverno's library `hash` (github.com/kyverno/sdk, extensions/cel/libs/hash): digests of strings
// in hex, under two names each.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "crypto/legacy_digest.hpp"
#include "crypto/sha256.hpp"

namespace tally::cel {

namespace {

Value hex_or_error(EvalContext& context, const std::optional<std::string>& hex) {
  return hex ? Value::string(context.arena.copy(*hex))
             : invalid(context, {"the algorithm is not available here"});
}

Value md5(EvalContext& context, std::span<const Value> args) {
  return hex_or_error(context, crypto::md5_hex(args[0].text()));
}

Value sha1(EvalContext& context, std::span<const Value> args) {
  return hex_or_error(context, crypto::sha1_hex(args[0].text()));
}

Value sha256(EvalContext& context, std::span<const Value> args) {
  const auto hex = crypto::to_hex(crypto::sha256(args[0].text()));
  return Value::string(context.arena.copy({hex.data(), hex.size()}));
}

constexpr std::array<Overload, 1> digest(std::string_view id, Apply apply) {
  return {{{.id = id,
            .signature = "(string) -> string",
            .apply = apply,
            .cost = CostRule::TraverseFirst}}};
}

constexpr auto kMd5 = digest("md5_string_prefixed", md5);
constexpr auto kSha1 = digest("sha1_string_prefixed", sha1);
constexpr auto kSha256 = digest("sha256_string_prefixed", sha256);
constexpr auto kPlainMd5 = digest("md5_string_non_prefixed", md5);
constexpr auto kPlainSha1 = digest("sha1_string_non_prefixed", sha1);
constexpr auto kPlainSha256 = digest("sha256_string_non_prefixed", sha256);

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "hash.md5",
     .library = Library::KyvernoHash,
     .overloads = kMd5,
     .summary = "The MD5 of a string, in hex.\nhash.md5('a').size() == 32"},
    {.name = "hash.sha1",
     .library = Library::KyvernoHash,
     .overloads = kSha1,
     .summary = "The SHA-1 of a string, in hex.\nhash.sha1('a').size() == 40"},
    {.name = "hash.sha256",
     .library = Library::KyvernoHash,
     .overloads = kSha256,
     .summary = "The SHA-256 of a string, in hex.\nhash.sha256('a').size() == 64"},
    {.name = "md5",
     .library = Library::KyvernoHash,
     .overloads = kPlainMd5,
     .summary = "The older name of hash.md5().\nmd5('a') == hash.md5('a')"},
    {.name = "sha1",
     .library = Library::KyvernoHash,
     .overloads = kPlainSha1,
     .summary = "The older name of hash.sha1().\nsha1('a') == hash.sha1('a')"},
    {.name = "sha256",
     .library = Library::KyvernoHash,
     .overloads = kPlainSha256,
     .summary = "The older name of hash.sha256().\nsha256('a') == hash.sha256('a')"},
});

}  // namespace

std::span<const Function> kyverno_hash_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
