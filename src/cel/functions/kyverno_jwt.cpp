// Kyverno's library `jwt` (github.com/kyverno/kyverno-authz v0.4, pkg/cel/libs/jwt and jwk, on
// github.com/lestrrat-go/jwx/v3): tokens signed with a shared secret (RFC 7519, RFC 7515 section
// 7.1, RFC 7518 section 3.2). A token whose signature does not hold is an error; `Valid` says
// whether its times hold, and asks the Host what time it is. Only the algorithms of a shared secret
// are taken, whatever the header says: neither `none` nor a key pair's.
//
// Keys from a URL (jwks.Fetch) are the Host's, which has none yet.
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cel/functions/all.hpp"
#include "cel/host.hpp"
#include "cel/internal/base64.hpp"
#include "cel/internal/detached_value.hpp"
#include "cel/internal/library.hpp"
#include "crypto/hmac.hpp"
#include "document/read.hpp"

namespace tally::cel {

namespace {

using document::Node;

constexpr std::size_t kTokenBytesMax = std::size_t{1} << 20U;
constexpr std::uint32_t kDepthMax = 100;

// base64url without padding (RFC 7515 section 2).
std::optional<std::string_view> decode_part(Arena& arena, std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+' || c == '/' || c == '=' || c == '\n' || c == '\r') {
      return std::nullopt;
    }
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  const Base64Decoded decoded = decode_base64(arena, arena.copy(plain), Padding::Forbidden);
  return decoded.bad_offset ? std::nullopt : std::optional{decoded.octets};
}

struct Json {
  std::shared_ptr<const document::Source> source;
  Arena arena;
  Node root;
};

// False: it is no JSON object.
bool read_json(std::string_view text, Json& into) {
  into.source = document::Source::from_text("", std::string(text));
  document::ReadOptions options;
  options.limits.depth = kDepthMax;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  document::read_slice(*into.source,
                       {.begin = 0,
                        .end = static_cast<std::uint32_t>(text.size()),
                        .format = document::Format::Json},
                       into.arena, options, documents, errors);
  if (!errors.empty() || documents.size() != 1 || !documents.front().root.is_object()) {
    return false;
  }
  into.root = documents.front().root;
  return true;
}

struct Algorithm {
  std::string_view name;
  crypto::HmacDigest digest;
};
constexpr auto kAlgorithms = std::to_array<Algorithm>({{"HS256", crypto::HmacDigest::Sha256},
                                                       {"HS384", crypto::HmacDigest::Sha384},
                                                       {"HS512", crypto::HmacDigest::Sha512}});

// The times of a token, in whole seconds.
struct Times {
  std::optional<double> expires;
  std::optional<double> not_before;
  std::optional<double> issued;
  [[nodiscard]] bool is_empty() const noexcept { return !expires && !not_before && !issued; }
};

// Valid may be an error, when nobody knows the time; the claims can be read all the same.
class Token final : public HostMap {
 public:
  Token(const Value& claims, const Value& valid) noexcept : claims_(claims), valid_(valid) {}
  [[nodiscard]] std::size_t size() const override { return 2; }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return Value::string(i == 0 ? "Claims" : "Valid");
  }
  [[nodiscard]] Value value_at(Arena&, std::size_t i) const override {
    return i == 0 ? claims_ : valid_;
  }
  [[nodiscard]] bool find(Arena&, const Value& key, Value& out) const override {
    if (!key.is(ValueKind::String) || (key.text() != "Claims" && key.text() != "Valid")) {
      return false;
    }
    out = key.text() == "Claims" ? claims_ : valid_;
    return true;
  }
  [[nodiscard]] bool has(Arena& arena, std::string_view field) const override {
    Value ignored;
    return find(arena, Value::string(field), ignored);
  }

 private:
  Value claims_;
  Value valid_;
};

// jwt.Validate with its defaults: exp, nbf and iat (RFC 7519 sections 4.1.4 to 4.1.6), without
// leeway.
Value validity(EvalContext& context, const Times& times) {
  if (times.is_empty()) {
    return Value::boolean(true);
  }
  const Value now = context.host == nullptr
                        ? not_provided(context.arena, "now", "jwt.Decode")
                        : context.host->ask(context.arena, "now", "time.now", {});
  if (!now.is(ValueKind::Timestamp)) {
    return now.is_outcome() ? now : invalid(context, {"jwt.Decode: the answer is no time"});
  }
  const auto seconds = static_cast<double>(now.as_int());
  return Value::boolean((!times.expires || seconds < *times.expires) &&
                        (!times.not_before || seconds >= *times.not_before) &&
                        (!times.issued || seconds >= *times.issued));
}

// False: a time that is no number.
bool take_time(const Node& claims, std::string_view name, std::optional<double>& into) {
  const Node* found = claims.find(name);
  if (found == nullptr) {
    return true;
  }
  if (!found->is_number()) {
    return false;
  }
  into = std::floor(found->number());
  return true;
}

Value claims_of(Arena& arena, const Node& root) {
  MapBuilder map(arena, root.size());
  for (const document::Member member : root.members()) {
    const bool is_time = member.key == "exp" || member.key == "nbf" || member.key == "iat";
    map.add(Value::string(arena.copy(member.key)),
            is_time ? Value::real(std::floor(member.value.number()))
                    : detached_value(arena, member.value));
  }
  return map.finish();
}

Value decode(EvalContext& context, std::span<const Value> args) {
  const std::string_view token = args[0].text();
  const std::string_view key = args[1].text();
  const auto refuse = [&](std::string_view why) {
    return invalid(context, {"failed to parse jws: ", why});
  };
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (token.size() > kTokenBytesMax || second == std::string_view::npos ||
      token.find('.', second + 1) != std::string_view::npos) {
    return refuse("invalid number of segments");
  }
  if (key.empty()) {
    return refuse("the key is empty");
  }
  const auto header_text = decode_part(context.arena, token.substr(0, first));
  const auto claims_text = decode_part(context.arena, token.substr(first + 1, second - first - 1));
  const auto signature = decode_part(context.arena, token.substr(second + 1));
  Json header;
  if (!header_text || !claims_text || !signature || !read_json(*header_text, header)) {
    return refuse("a segment cannot be read");
  }
  const Node* named = header.root.find("alg");
  const Algorithm* algorithm = nullptr;
  for (const Algorithm& row : kAlgorithms) {
    algorithm = named != nullptr && named->text() == row.name ? &row : algorithm;
  }
  if (algorithm == nullptr) {
    return refuse("the algorithm is none of a shared secret");
  }
  const auto code = crypto::hmac(algorithm->digest, key, token.substr(0, second));
  if (!code || !crypto::equal_in_constant_time(*code, *signature)) {
    return invalid(context, {"could not verify message using any of the signatures or keys"});
  }
  // Only what is signed is looked at.
  Json claims;
  Times times;
  if (!read_json(*claims_text, claims) || !take_time(claims.root, "exp", times.expires) ||
      !take_time(claims.root, "nbf", times.not_before) ||
      !take_time(claims.root, "iat", times.issued)) {
    return refuse("the claims cannot be read");
  }
  // structpb.NewStruct does not take the list of strings that jwx makes of an audience.
  if (claims.root.find("aud") != nullptr) {
    return invalid(context, {"proto: invalid type: []string"});
  }
  const Value fields = claims_of(context.arena, claims.root);
  return fields.is_outcome() ? fields
                             : Value::map(static_cast<const HostMap*>(
                                   context.arena.create<Token>(fields, validity(context, times))));
}

Value decode_with_set(EvalContext& context, std::span<const Value> /*args*/) {
  return not_provided(context.arena, "jwks", "jwt.Decode");
}

Value fetch(EvalContext& context, std::span<const Value> /*args*/) {
  return not_provided(context.arena, "jwks", "jwks.Fetch");
}

constexpr auto kDecode = std::to_array<Overload>({{.id = "decode_string_string",
                                                   .signature = "(string, string) -> dyn",
                                                   .apply = decode,
                                                   .cost = CostRule::TraverseFirst},
                                                  {.id = "decode_string_set",
                                                   .signature = "(string, jwk.Set) -> dyn",
                                                   .apply = decode_with_set}});
constexpr auto kFetch = std::to_array<Overload>(
    {{.id = "fetch_string", .signature = "(string) -> jwk.Set", .apply = fetch}});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "jwt.Decode",
     .library = Library::KyvernoJwt,
     .overloads = kDecode,
     .summary = "The claims of a token that a shared secret signs, and whether its times hold.\n"
                "jwt.Decode('eyJhbGciOiJIUzI1NiJ9.e30."
                "XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ', 'secret').Valid"},
    {.name = "jwks.Fetch",
     .library = Library::KyvernoJwt,
     .overloads = kFetch,
     .summary = "The keys behind a URL."},
});

}  // namespace

std::span<const Function> kyverno_jwt_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
