#include "envoy_rbac.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "conformance.hpp"

namespace tally::conformance {

using document::Node;

namespace {

Ternary negate(Ternary value) { return value ? Ternary(!*value) : value; }

template <class Evaluate>
Ternary all(const Node& list, const Evaluate& evaluate) {
  Ternary out = true;
  for (const Node& item : list.items()) {
    const Ternary one = evaluate(item);
    if (one == false) {
      return one;
    }
    out = one ? out : one;
  }
  return out;
}

template <class Evaluate>
Ternary any(const Node& list, const Evaluate& evaluate) {
  return negate(all(list, [&](const Node& item) { return negate(evaluate(item)); }));
}

const Node* find(const Node& node, std::string_view key) { return node.find(key); }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// type.matcher.v3.StringMatcher
bool string_matches(const Node& matcher, std::string_view value) {
  if (const Node* regex = find(matcher, "safeRegex")) {
    const std::string_view pattern = text_of(*regex, "regex");
    return RE2::FullMatch(re2::StringPiece(value.data(), value.size()),
                          std::string(pattern).c_str());
  }
  const bool ignores_case = member(matcher, "ignoreCase").boolean();
  const std::string subject = ignores_case ? lowered(value) : std::string(value);
  const auto argument = [&](const Node& node) {
    return ignores_case ? lowered(node.text()) : std::string(node.text());
  };
  if (const Node* exact = find(matcher, "exact")) {
    return subject == argument(*exact);
  }
  if (const Node* prefix = find(matcher, "prefix")) {
    return subject.starts_with(argument(*prefix));
  }
  const Node* suffix = find(matcher, "suffix");
  return suffix != nullptr && subject.ends_with(argument(*suffix));
}

bool in_range(const Node& range, const std::string& address) {
  const auto ip = scalar::IpAddress::parse(address);
  const auto prefix = scalar::IpAddress::parse(text_of(range, "addressPrefix"));
  return ip && prefix &&
         ip->shares(static_cast<unsigned>(member(range, "prefixLen").integer().value_or(0)),
                    *prefix);
}

std::optional<std::string> header_of(const OwnedRequest& request, std::string_view name) {
  if (name == ":authority") {
    return request.host;
  }
  if (name == ":method") {
    return request.method;
  }
  std::optional<std::string> out;
  for (const auto& [key, value] : request.headers) {
    if (lowered(key) == lowered(name)) {
      out = out ? *out + "," + value : value;
    }
  }
  return out;
}

bool header_matches(const Node& matcher, const OwnedRequest& request) {
  const auto value = header_of(request, text_of(matcher, "name"));
  if (!value) {
    return false;
  }
  return member(matcher, "presentMatch").boolean() ||
         string_matches(member(matcher, "stringMatch"), *value);
}

std::string plain_path(const OwnedRequest& request) {
  return request.path.substr(0, request.path.find_first_of("?#"));
}

// source/extensions/path/uri_template_lib: "*" and "**" as regular expressions.
bool template_matches(std::string_view pattern, const std::string& path) {
  constexpr std::string_view kLiteral = "a-zA-Z0-9-._~%!$&'()+,;:@=";
  std::string regex;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.substr(i, 2) == "**") {
      regex += "[" + std::string(kLiteral) + "/]*";
      ++i;
    } else if (pattern[i] == '*') {
      regex += "[" + std::string(kLiteral) + "]+";
    } else {
      regex += RE2::QuoteMeta(re2::StringPiece(&pattern[i], 1));
    }
  }
  return RE2::FullMatch(path, regex);
}

bool value_matches(const Node& matcher, const Node* value);

bool value_matches(const Node& matcher, const Node* value) {
  if (const Node* one_of = find(matcher, "orMatch")) {
    return std::any_of(member(*one_of, "valueMatchers").items().begin(),
                       member(*one_of, "valueMatchers").items().end(),
                       [&](const Node& inner) { return value_matches(inner, value); });
  }
  if (const Node* list = find(matcher, "listMatch")) {
    return value != nullptr && value->is_array() &&
           std::any_of(value->items().begin(), value->items().end(), [&](const Node& item) {
             return value_matches(member(*list, "oneOf"), &item);
           });
  }
  return value != nullptr && value->is_string() &&
         string_matches(member(matcher, "stringMatch"), value->text());
}

// The payload of jwt_authn is the claims of the token, scope and permission split at spaces.
Ternary metadata_matches(const Node& matcher, const OwnedRequest& request, const Node& claims) {
  if (text_of(matcher, "filter") != "envoy.filters.http.jwt_authn") {
    return std::nullopt;
  }
  const Node* at = request.has_token ? &claims : nullptr;
  const auto path = member(matcher, "path").items();
  for (std::size_t i = 1; i < path.size() && at != nullptr; ++i) {
    at = find(*at, text_of(path[i], "key"));
  }
  return value_matches(member(matcher, "value"), at);
}

bool authenticated_matches(const Node& name, const OwnedRequest& request) {
  return !request.principal.empty() && string_matches(name, "spiffe://" + request.principal);
}

Ternary permission_matches(const Node& node, const OwnedRequest& request, const Node& claims) {
  const auto recurse = [&](const Node& inner) {
    return permission_matches(inner, request, claims);
  };
  for (const document::Member part : node.members()) {
    const Node& value = part.value;
    if (part.key == "any") {
      return value.boolean();
    }
    if (part.key == "andRules") {
      return all(member(value, "rules"), recurse);
    }
    if (part.key == "orRules") {
      return any(member(value, "rules"), recurse);
    }
    if (part.key == "notRule") {
      return negate(recurse(value));
    }
    if (part.key == "destinationPort") {
      return value.integer() == request.port;
    }
    if (part.key == "destinationIp") {
      return in_range(value, request.destination_ip);
    }
    if (part.key == "requestedServerName") {
      return string_matches(value, request.sni);
    }
    if (part.key == "header") {
      return header_matches(value, request);
    }
    if (part.key == "urlPath") {
      return string_matches(member(value, "path"), plain_path(request));
    }
    if (part.key == "uriTemplate") {
      return template_matches(text_of(member(value, "typedConfig"), "pathTemplate"),
                              plain_path(request));
    }
    if (part.key == "metadata") {
      return metadata_matches(value, request, claims);
    }
  }
  return std::nullopt;
}

Ternary principal_matches(const Node& node, const OwnedRequest& request, const Node& claims) {
  const auto recurse = [&](const Node& inner) { return principal_matches(inner, request, claims); };
  for (const document::Member part : node.members()) {
    const Node& value = part.value;
    if (part.key == "any") {
      return value.boolean();
    }
    if (part.key == "andIds") {
      return all(member(value, "ids"), recurse);
    }
    if (part.key == "orIds") {
      return any(member(value, "ids"), recurse);
    }
    if (part.key == "notId") {
      return negate(recurse(value));
    }
    if (part.key == "authenticated") {
      return authenticated_matches(member(value, "principalName"), request);
    }
    if (part.key == "filterState") {
      return authenticated_matches(member(value, "stringMatch"), request);
    }
    if (part.key == "directRemoteIp") {
      return in_range(value, request.source_ip);
    }
    if (part.key == "remoteIp") {
      return in_range(value, request.remote_ip);
    }
    if (part.key == "header") {
      return header_matches(value, request);
    }
    if (part.key == "metadata") {
      return metadata_matches(value, request, claims);
    }
  }
  return std::nullopt;
}

// --- requests

class RequestMaker {
 public:
  RequestMaker(bool is_http, std::mt19937& random) : is_http_(is_http), random_(random) {
    out_.principal = pick({"", "cluster.local/ns/foo/sa/bar", "td1/ns/ns/sa/sleep", "x"});
    out_.source_ip = pick({"1.2.3.4", "10.10.10.10", "9.0.0.1", "2001:db8::1"});
    out_.remote_ip = pick({"1.2.3.4", "172.18.4.1", "192.168.3.3"});
    out_.destination_ip = pick({"10.10.10.10", "192.168.10.7", "90.10.10.10"});
    out_.port = static_cast<std::uint16_t>(std::stoi(pick({"80", "90", "91", "8080", "443"})));
    out_.sni = pick({"", "exact.com", "other.com"});
    if (is_http_) {
      out_.method = pick({"GET", "POST", "method", "get"});
      out_.path = pick({"/", "/exact", "/prefix/a", "/a/suffix", "/other?x=/exact"});
      out_.host = pick({"exact.com", "EXACT.com", "www.suffix.com", "prefix.org", "other:8080"});
      out_.has_token = pick({"", "yes"}) == "yes";
    }
  }

  void take(const Node& node, bool is_negated) {
    for (const document::Member part : node.members()) {
      const bool negates = part.key == "notRule" || part.key == "notId";
      take_part(part.key, part.value, is_negated);
      if (part.value.is_object()) {
        take(part.value, is_negated != negates);
      } else if (part.value.is_array()) {
        for (const Node& item : part.value.items()) {
          take(item, is_negated);
        }
      }
    }
  }

  [[nodiscard]] OwnedRequest finish() {
    if (out_.has_token) {
      std::string claims;
      for (const auto& [name, value] : claims_) {
        claims += (claims.empty() ? "" : ",") + value_of(name) + ":" + value;
      }
      out_.claims = "{" + claims + "}";
    }
    return out_;
  }

 private:
  [[nodiscard]] std::string pick(std::vector<std::string> choices) {
    return choices[random_() % choices.size()];
  }
  [[nodiscard]] bool chance(unsigned percent) { return random_() % 100 < percent; }
  static std::string value_of(std::string_view text) { return "\"" + std::string(text) + "\""; }

  // A text that the matcher takes, or nearly.
  [[nodiscard]] std::string sample(const Node& matcher) {
    std::string out;
    if (const Node* exact = find(matcher, "exact")) {
      out = exact->text();
    } else if (const Node* prefix = find(matcher, "prefix")) {
      out = std::string(prefix->text()) + pick({"", "q", "q/r"});
    } else if (const Node* suffix = find(matcher, "suffix")) {
      out = pick({"", "q", "/q"}) + std::string(suffix->text());
    } else if (const Node* regex = find(matcher, "safeRegex")) {
      out = text_of(*regex, "regex");
      replace(out, "(.+/|)", pick({"", "x/"}));
      replace(out, "(/.+)?", pick({"", "/y"}));
      replace(out, "[^/]*", pick({"", "z"}));
      replace(out, ".*", pick({"", "q"}));
      replace(out, ".+", "q");
      replace(out, "\\", "");
    }
    if (chance(10)) {
      out += pick({"x", "/"});
    }
    if (chance(10)) {
      std::transform(out.begin(), out.end(), out.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    }
    return out;
  }

  static void replace(std::string& text, std::string_view from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }

  void take_part(std::string_view key, const Node& value, bool is_negated) {
    if (!chance(is_negated ? 15 : 70)) {
      return;
    }
    if (key == "destinationPort") {
      out_.port = static_cast<std::uint16_t>(value.integer().value_or(0));
    } else if (key == "destinationIp") {
      out_.destination_ip = text_of(value, "addressPrefix");
    } else if (key == "directRemoteIp") {
      out_.source_ip = text_of(value, "addressPrefix");
    } else if (key == "remoteIp") {
      out_.remote_ip = text_of(value, "addressPrefix");
    } else if (key == "requestedServerName") {
      out_.sni = sample(value);
    } else if (key == "principalName") {
      out_.principal = sample(value);
      replace(out_.principal, "spiffe://", "");
    } else if (is_http_) {
      take_http(key, value);
    }
  }

  void take_http(std::string_view key, const Node& value) {
    if (key == "urlPath") {
      out_.path = sample(member(value, "path")) + pick({"", "", "?q=/exact"});
    } else if (key == "pathTemplate") {
      out_.path = value.text();
      replace(out_.path, "**", pick({"", "a", "a/b"}));
      replace(out_.path, "*", pick({"", "a", "a/b"}));
    } else if (key == "header") {
      take_header(value);
    } else if (key == "metadata") {
      take_claim(value);
    }
  }

  void take_header(const Node& matcher) {
    const std::string name(text_of(matcher, "name"));
    const std::string text = sample(member(matcher, "stringMatch"));
    if (name == ":authority") {
      out_.host = text.empty() ? out_.host : text;
    } else if (name == ":method") {
      out_.method = text.empty() ? out_.method : text;
    } else {
      out_.headers.emplace_back(chance(50) ? name : lowered(name), text);
    }
  }

  void take_claim(const Node& matcher) {
    const auto path = member(matcher, "path").items();
    if (path.size() < 2) {
      return;
    }
    const Node* value = find(member(matcher, "value"), "stringMatch");
    if (value == nullptr) {
      // {"orMatch": [{"listMatch": {"oneOf": ...}}, ...]}
      for (const Node& inner :
           member(member(member(matcher, "value"), "orMatch"), "valueMatchers").items()) {
        const Node* found = find(inner, "stringMatch");
        value = found != nullptr ? found : value;
      }
    }
    const std::string text = value != nullptr ? value_of(sample(*value)) : value_of("other");
    std::string json = chance(40) && value != nullptr ? "[\"first\"," + text + "]" : text;
    for (std::size_t i = path.size() - 1; i > 1; --i) {
      json = "{" + value_of(text_of(path[i], "key")) + ":" + json + "}";
    }
    claims_[std::string(text_of(path[1], "key"))] = json;
    out_.has_token = true;
  }

  bool is_http_;
  std::mt19937& random_;
  OwnedRequest out_;
  std::map<std::string, std::string> claims_;
};

}  // namespace

Ternary policy_matches(const Node& policy, const OwnedRequest& request, const Node& claims) {
  const Ternary permissions = any(member(policy, "permissions"), [&](const Node& node) {
    return permission_matches(node, request, claims);
  });
  const Ternary principals = any(member(policy, "principals"), [&](const Node& node) {
    return principal_matches(node, request, claims);
  });
  if (permissions == false || principals == false) {
    return false;
  }
  return permissions && principals ? Ternary(true) : std::nullopt;
}

OwnedRequest make_request(const Node& policy, bool is_http, std::mt19937& random) {
  RequestMaker maker(is_http, random);
  maker.take(policy, false);
  return maker.finish();
}

}  // namespace tally::conformance
