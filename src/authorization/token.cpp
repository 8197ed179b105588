#include "authorization/token.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "authorization/internal/fields.hpp"
#include "authorization/internal/table.hpp"
#include "crypto/signature.hpp"
#include "document/read.hpp"

namespace tally::authorization {

using document::Node;

namespace {

constexpr std::size_t kTokenBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kKeysMax = 256;
constexpr std::int64_t kClockSkewS = 60;  // Envoy's clock_skew_seconds

int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// RFC 4648 section 5, without padding.
std::optional<std::string> decode_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFFU);
    }
  }
  return text.size() % 4 == 1 ? std::nullopt : std::optional(std::move(out));
}

// A JSON object; the nodes live in the arena alone.
std::optional<Node> read_json(std::string_view text, Arena& arena) {
  if (!text.starts_with('{')) {
    return std::nullopt;
  }
  const auto source = document::Source::from_text("token", text);
  document::ReadOptions options;
  options.limits.depth = 32;
  options.limits.nodes = 10'000;
  Arena own;
  const auto root = document::read_one(*source, own, options);
  if (!root || !root->is_object()) {
    return std::nullopt;
  }
  return document::deep_copy(arena, *root);
}

struct Jwt {
  std::string_view signed_part;
  std::string signature;
  Node header;
  Node claims;
};

std::optional<Jwt> parse_jwt(std::string_view text, Arena& arena) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (text.size() > kTokenBytesMax || second == std::string_view::npos ||
      text.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  const auto header = decode_base64url(text.substr(0, first));
  const auto payload = decode_base64url(text.substr(first + 1, second - first - 1));
  auto signature = decode_base64url(text.substr(second + 1));
  if (!header || !payload || !signature) {
    return std::nullopt;
  }
  const auto header_node = read_json(*header, arena);
  const auto claims = read_json(*payload, arena);
  if (!header_node || !claims) {
    return std::nullopt;
  }
  return Jwt{text.substr(0, second), std::move(*signature), *header_node, *claims};
}

enum class Verification : std::uint8_t { Accepted, Refused, NoKeys };

// The public key of a JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037).
std::optional<crypto::PublicKey> read_key(const Node& key) {
  const auto number = [&](std::string_view name) {
    return decode_base64url(text_field(key, name)).value_or(std::string{});
  };
  const std::string_view kind = text_field(key, "kty");
  if (kind == "RSA") {
    const std::string modulus = number("n");
    const std::string exponent = number("e");
    return crypto::PublicKey::create(crypto::PublicKey::Rsa{modulus, exponent});
  }
  if (kind == "EC") {
    const std::string x = number("x");
    const std::string y = number("y");
    return crypto::PublicKey::create(crypto::PublicKey::Curve{text_field(key, "crv"), x, y});
  }
  if (kind == "OKP" && text_field(key, "crv") == "Ed25519") {
    return crypto::PublicKey::create_ed25519(number("x"));
  }
  return std::nullopt;
}

// A key is tried if it is of the token's algorithm and, where both have one, of its key id.
bool is_signed(const Jwt& jwt, crypto::SignatureAlgorithm algorithm, const Node& key_set) {
  const std::string_view wanted = text_field(jwt.header, "kid");
  const std::string_view name = text_field(jwt.header, "alg");
  const Node* keys = field(key_set, "keys");
  if (keys == nullptr) {
    return false;
  }
  for (const Node& key : keys->items().first(std::min(keys->size(), kKeysMax))) {
    const std::string_view id = text_field(key, "kid");
    const std::string_view only = text_field(key, "alg");
    if ((!only.empty() && only != name) || (!wanted.empty() && !id.empty() && id != wanted)) {
      continue;
    }
    const auto parsed = read_key(key);
    if (parsed && parsed->fits(algorithm) &&
        parsed->verifies(algorithm, jwt.signed_part, jwt.signature)) {
      return true;
    }
  }
  return false;
}

bool has_audience(const Node& claims, const std::vector<std::string_view>& wanted) {
  const Node* audience = field(claims, "aud");
  const auto is_wanted = [&](const Node& node) {
    return node.is_string() && std::find(wanted.begin(), wanted.end(), node.text()) != wanted.end();
  };
  return wanted.empty() ||
         (audience != nullptr &&
          (is_wanted(*audience) ||
           std::any_of(audience->items().begin(), audience->items().end(), is_wanted)));
}

class TokenChecker {
 public:
  TokenChecker(const Request& request, const TokenOptions& options, Arena& arena)
      : request_(request), options_(options), arena_(arena) {}

  // Looks for tokens of one rule; keeps the best that any rule has said.
  void check(const kube::Object& object, const JwtRule& rule) {
    for (const std::string_view text : find_tokens(rule)) {
      if (result_.token == Token::Absent) {
        result_.token = Token::Invalid;
        result_.reason = "no rule accepts the token";
      }
      if (result_.token == Token::Valid) {
        return;
      }
      const std::optional<Jwt> jwt = parse_jwt(text, arena_);
      if (!jwt) {
        result_.reason = "not a JSON Web Token";
        continue;
      }
      switch (verify(*jwt, rule)) {
        case Verification::Accepted:
          result_ = {Token::Valid, jwt->claims, &object, {}};
          return;
        case Verification::NoKeys:
          result_.token = Token::NotValidated;
          break;
        case Verification::Refused:
          break;
      }
    }
  }

  [[nodiscard]] TokenCheck take() { return std::move(result_); }

 private:
  Verification refuse(std::string reason) {
    result_.reason = std::move(reason);
    return Verification::Refused;
  }

  Verification verify(const Jwt& jwt, const JwtRule& rule) {
    if (!rule.issuer.empty() && text_field(jwt.claims, "iss") != rule.issuer) {
      return Verification::Refused;  // of another rule, perhaps
    }
    const Node* expiry = field(jwt.claims, "exp");
    const Node* begin = field(jwt.claims, "nbf");
    if ((expiry != nullptr && !expiry->is_number()) || (begin != nullptr && !begin->is_number())) {
      return refuse("exp and nbf must be numbers");
    }
    if (expiry != nullptr && expiry->number() + kClockSkewS < static_cast<double>(options_.now_s)) {
      return refuse("the token has expired");
    }
    if (begin != nullptr && begin->number() - kClockSkewS > static_cast<double>(options_.now_s)) {
      return refuse("the token is not valid yet");
    }
    if (!has_audience(jwt.claims, rule.audiences)) {
      return refuse("the token is for another audience");
    }
    const auto algorithm = crypto::parse_signature_algorithm(text_field(jwt.header, "alg"));
    if (!algorithm) {
      return refuse("the algorithm of the token is none that Envoy accepts");
    }
    std::optional<std::string_view> keys;
    if (!rule.jwks.empty()) {
      keys = rule.jwks;
    } else if (options_.key_set) {
      keys = options_.key_set(rule.jwks_uri);
    }
    const auto key_set = keys ? read_json(trim_front(*keys), arena_) : std::nullopt;
    if (!key_set) {
      result_.reason = "the keys of the issuer are not here";
      return Verification::NoKeys;
    }
    return is_signed(jwt, *algorithm, *key_set) ? Verification::Accepted
                                                : refuse("no key of the issuer made the signature");
  }

  static std::string_view trim_front(std::string_view text) noexcept {
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }

  [[nodiscard]] std::vector<std::string_view> find_tokens(const JwtRule& rule) const {
    std::vector<std::string_view> out;
    const bool is_default =
        rule.from_headers.empty() && rule.from_parameters.empty() && rule.from_cookies.empty();
    if (is_default) {
      add_from_header("Authorization", "Bearer ", out);
      add_from_query("access_token", out);
      return out;
    }
    for (const auto& [name, prefix] : rule.from_headers) {
      add_from_header(name, prefix, out);
    }
    for (const std::string_view name : rule.from_parameters) {
      add_from_query(name, out);
    }
    for (const std::string_view name : rule.from_cookies) {
      add_from_cookie(name, out);
    }
    return out;
  }

  // Envoy: the prefix may stand anywhere in the value; the token ends where its characters do.
  void add_from_header(std::string_view name, std::string_view prefix,
                       std::vector<std::string_view>& out) const {
    for (const Header& header : request_.headers) {
      if (!equals_any_case(header.name, name)) {
        continue;
      }
      const std::size_t at = header.value.find(prefix);
      if (at == std::string_view::npos) {
        continue;
      }
      const std::string_view rest = header.value.substr(at + prefix.size());
      const auto end = std::find_if_not(rest.begin(), rest.end(),
                                        [](char c) { return base64_value(c) >= 0 || c == '.'; });
      out.push_back(rest.substr(0, static_cast<std::size_t>(end - rest.begin())));
    }
  }

  void add_from_query(std::string_view name, std::vector<std::string_view>& out) const {
    const std::string_view path = request_.path.value_or("");
    const std::size_t question = path.find('?');
    if (question != std::string_view::npos) {
      add_pairs(path.substr(question + 1), name, '&', out);
    }
  }

  void add_from_cookie(std::string_view name, std::vector<std::string_view>& out) const {
    for (const Header& header : request_.headers) {
      if (equals_any_case(header.name, "cookie")) {
        add_pairs(header.value, name, ';', out);
      }
    }
  }

  static void add_pairs(std::string_view text, std::string_view name, char separator,
                        std::vector<std::string_view>& out) {
    while (!text.empty()) {
      std::string_view pair = text.substr(0, text.find(separator));
      text.remove_prefix(std::min(pair.size() + 1, text.size()));
      pair = trim_front(pair);
      if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
        out.push_back(pair.substr(name.size() + 1));
      }
    }
  }

  const Request& request_;
  const TokenOptions& options_;
  Arena& arena_;
  TokenCheck result_;
};

}  // namespace

TokenCheck check_token(const PolicySet& set, const Request& request, const TokenOptions& options,
                       Arena& arena) {
  const PolicySet::Table& table = set.table();
  std::vector<std::uint32_t> attached;
  collect_request_policies(table, request, attached);
  TokenChecker checker(request, options, arena);
  for (const std::uint32_t position : attached) {
    for (const JwtRule& rule : table.requests[position].rules) {
      checker.check(*table.requests[position].object, rule);
    }
  }
  return checker.take();
}

}  // namespace tally::authorization
