// Kyverno's libraries `jwt` and `jwks` (github.com/kyverno/kyverno-authz v0.4, pkg/cel/libs/jwt and
// jwk, on github.com/lestrrat-go/jwx/v3): tokens (RFC 7519) signed with a shared secret (RFC 7515
// section 7.1, RFC 7518 section 3.2) or with a key of a set (RFC 7517) that the Host fetches. A
// token whose signature does not hold is an error; `Valid` says whether its times hold, and asks
// the Host what time it is. A key is used with the algorithms of its own type only, whatever the
// header says: neither `none`, nor a public key as a secret.
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
#include "crypto/signature.hpp"
#include "document/read.hpp"

namespace tally::cel {

namespace {

using document::Node;

constexpr std::size_t kTokenBytesMax = std::size_t{1} << 20U;
constexpr std::uint32_t kDepthMax = 100;
constexpr std::size_t kKeySetBytesMax = std::size_t{1} << 20U;
constexpr std::size_t kKeysMax = 256;

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
    Value value = is_time ? Value::real(std::floor(member.value.number()))
                          : detached_value(arena, member.value);
    if (member.key == "aud" && value.is(ValueKind::String)) {
      value = Value::list(arena.copy(std::span<const Value>{&value, 1}));
    }
    map.add(Value::string(arena.copy(member.key)), value);
  }
  return map.finish();
}

// The parts of a token (RFC 7515 section 7.1), not yet believed.
struct Parts {
  std::string_view signed_text;
  std::string_view claims;
  std::string_view signature;
  Json header;
};

Value refuse(EvalContext& context, std::string_view why) {
  return invalid(context, {"failed to parse jws: ", why});
}

// Null: they are in `out`.
Value split(EvalContext& context, std::string_view token, Parts& out) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (token.size() > kTokenBytesMax || second == std::string_view::npos ||
      token.find('.', second + 1) != std::string_view::npos) {
    return refuse(context, "invalid number of segments");
  }
  const auto header_text = decode_part(context.arena, token.substr(0, first));
  const auto claims_text = decode_part(context.arena, token.substr(first + 1, second - first - 1));
  const auto signature = decode_part(context.arena, token.substr(second + 1));
  if (!header_text || !claims_text || !signature || !read_json(*header_text, out.header)) {
    return refuse(context, "a segment cannot be read");
  }
  // RFC 7515 section 4.1.11: extensions that must be understood; none is.
  if (out.header.root.find("crit") != nullptr) {
    return refuse(context, "the header names critical extensions");
  }
  out.signed_text = token.substr(0, second);
  out.claims = *claims_text;
  out.signature = *signature;
  return Value::null();
}

const Algorithm* shared_algorithm(std::string_view name) noexcept {
  for (const Algorithm& row : kAlgorithms) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

bool holds(const Algorithm& algorithm, std::string_view key, const Parts& parts) {
  const auto code = crypto::hmac(algorithm.digest, key, parts.signed_text);
  return code && crypto::equal_in_constant_time(*code, parts.signature);
}

Value not_verified(EvalContext& context) {
  return invalid(context, {"could not verify message using any of the signatures or keys"});
}

std::string_view text_of(const Node& map, std::string_view key) {
  const Node* found = map.find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

// What jwt.Decode makes of an audience: jwx reads one or several into a list of strings, which
// structpb.NewStruct takes only where upstream converts it first.
enum class Audience : std::uint8_t { Refused, Listed };

// Only what is signed is looked at.
Value token_of(EvalContext& context, std::string_view text, Audience audience) {
  Json claims;
  Times times;
  if (!read_json(text, claims) || !take_time(claims.root, "exp", times.expires) ||
      !take_time(claims.root, "nbf", times.not_before) ||
      !take_time(claims.root, "iat", times.issued)) {
    return refuse(context, "the claims cannot be read");
  }
  if (audience == Audience::Refused && claims.root.find("aud") != nullptr) {
    return invalid(context, {"proto: invalid type: []string"});
  }
  const Value fields = claims_of(context.arena, claims.root);
  return fields.is_outcome() ? fields
                             : Value::map(static_cast<const HostMap*>(
                                   context.arena.create<Token>(fields, validity(context, times))));
}

Value decode(EvalContext& context, std::span<const Value> args) {
  const std::string_view key = args[1].text();
  Parts parts;
  if (const Value refused = split(context, args[0].text(), parts); refused.is_outcome()) {
    return refused;
  }
  if (key.empty()) {
    return refuse(context, "the key is empty");
  }
  const Algorithm* algorithm = shared_algorithm(text_of(parts.header.root, "alg"));
  if (algorithm == nullptr) {
    return refuse(context, "the algorithm is none of a shared secret");
  }
  return holds(*algorithm, key, parts) ? token_of(context, parts.claims, Audience::Refused)
                                       : not_verified(context);
}

// A key of a set (RFC 7517 section 4), its numbers as octets. Views of the arena.
struct WebKey {
  std::string_view type;   // kty
  std::string_view id;     // kid
  std::string_view usage;  // use
  std::string_view algorithm;
  std::string_view curve;
  std::string_view first = {};   // n, x, k
  std::string_view second = {};  // e, y
  bool has_id = false;
};

struct KeySet {
  std::span<const WebKey> keys;
};
bool same_set(const void* a, const void* b) { return a == b; }
constexpr OpaqueKind kKeySetKind{.type_name = "jwk.Set", .equal = same_set, .text = nullptr};

// False: it is no key. A key of a type that is not known here stays, and verifies nothing.
bool read_key(Arena& arena, const Node& node, WebKey& out) {
  const auto text = [&](std::string_view name) { return arena.copy(text_of(node, name)); };
  out = {.type = text("kty"),
         .id = text("kid"),
         .usage = text("use"),
         .algorithm = text("alg"),
         .curve = text("crv"),
         .has_id = node.find("kid") != nullptr};
  const bool is_rsa = out.type == "RSA";
  const auto first = decode_part(arena, text(is_rsa ? "n" : out.type == "oct" ? "k" : "x"));
  const auto second = decode_part(arena, text(is_rsa ? "e" : "y"));
  if (!node.is_object() || out.type.empty() || !first || !second) {
    return false;
  }
  out.first = *first;
  out.second = *second;
  return true;
}

// jwk.Parse: a set (RFC 7517 section 5), or one key.
Value read_key_set(EvalContext& context, std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return invalid(context, {"jwk.Parse: failed to unmarshal JWK set: ", why});
  };
  Json json;
  if (text.size() > kKeySetBytesMax || !read_json(text, json)) {
    return bad("it is no JSON object");
  }
  const Node* keys = json.root.find("keys");
  const std::span<const Node> rows = keys == nullptr ? std::span(&json.root, 1) : keys->items();
  if (keys != nullptr && !keys->is_array()) {
    return bad("keys is no list");
  }
  if (rows.size() > kKeysMax) {
    return bad("it holds too many keys");
  }
  std::vector<WebKey> read(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!read_key(context.arena, rows[i], read[i])) {
      return bad("a key cannot be read");
    }
  }
  return opaque_value(context.arena, kKeySetKind,
                      KeySet{context.arena.copy(std::span<const WebKey>{read})});
}

std::optional<crypto::PublicKey> public_key_of(const WebKey& key) {
  if (key.type == "RSA") {
    return crypto::PublicKey::create(
        crypto::PublicKey::Rsa{.modulus = key.first, .exponent = key.second});
  }
  if (key.type == "EC") {
    return crypto::PublicKey::create(
        crypto::PublicKey::Curve{.name = key.curve, .x = key.first, .y = key.second});
  }
  return key.type == "OKP" && key.curve == "Ed25519" ? crypto::PublicKey::create_ed25519(key.first)
                                                     : std::nullopt;
}

// jws/key_provider.go with a required key ID, the default of a set of one, and algorithms that the
// type of the key allows: never `none`, and a key's own algorithm wins over the header's.
const WebKey* select_key(const KeySet& set, const Node& header) {
  const Node* wanted = header.find("kid");
  if (wanted == nullptr) {
    return set.keys.size() == 1 ? &set.keys[0] : nullptr;
  }
  for (const WebKey& key : set.keys) {
    if (key.has_id && key.id == wanted->text()) {
      return &key;
    }
  }
  return nullptr;
}

Value decode_with_set(EvalContext& context, std::span<const Value> args) {
  Parts parts;
  if (const Value refused = split(context, args[0].text(), parts); refused.is_outcome()) {
    return refused;
  }
  const WebKey* key = select_key(opaque_data<KeySet>(args[1]), parts.header.root);
  if (key == nullptr) {
    return invalid(context, {"failed to find matching key in key set"});
  }
  const std::string_view name = text_of(parts.header.root, "alg");
  if ((!key->usage.empty() && key->usage != "sig") ||
      (!key->algorithm.empty() && key->algorithm != name)) {
    return not_verified(context);
  }
  bool is_genuine = false;
  if (key->type == "oct") {
    const Algorithm* algorithm = shared_algorithm(name);
    is_genuine =
        algorithm != nullptr && !key->first.empty() && holds(*algorithm, key->first, parts);
  } else if (const auto algorithm = crypto::parse_signature_algorithm(name)) {
    const auto public_key = public_key_of(*key);
    is_genuine = public_key && public_key->verifies(*algorithm, parts.signed_text, parts.signature);
  }
  return is_genuine ? token_of(context, parts.claims, Audience::Listed) : not_verified(context);
}

Value fetch(EvalContext& context, std::span<const Value> args) {
  const Value text = context.host == nullptr
                         ? not_provided(context.arena, "jwks", "jwks.Fetch")
                         : context.host->ask(context.arena, "jwks", "Fetch", args);
  return text.is(ValueKind::String) ? read_key_set(context, text.text())
         : text.is_outcome()        ? text
                                    : invalid(context, {"jwks.Fetch: the answer is no text"});
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
