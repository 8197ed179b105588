#include "authorization/internal/schema.hpp"

#include <algorithm>
#include <array>

#include "document/json_writer.hpp"

namespace tally::authorization {

using document::Node;
using document::NodeKind;

namespace {

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// ^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
bool is_group(std::string_view text) noexcept {
  if (text.empty()) {
    return true;
  }
  for (bool more = true; more;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    more = dot != std::string_view::npos;
    text = more ? text.substr(dot + 1) : std::string_view{};
    const bool is_label = !label.empty() && label.front() != '-' && label.back() != '-' &&
                          std::all_of(label.begin(), label.end(), [](char c) {
                            return (is_alphanumeric(c) && !(c >= 'A' && c <= 'Z')) || c == '-';
                          });
    if (!is_label) {
      return false;
    }
  }
  return true;
}

// ^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$
bool is_kind(std::string_view text) noexcept {
  return !text.empty() && is_alphanumeric(text.front()) && !(text.front() <= '9') &&
         is_alphanumeric(text.back()) && std::all_of(text.begin(), text.end(), [](char c) {
           return is_alphanumeric(c) || c == '-';
         });
}

// ^[-_A-Za-z0-9]+$
bool is_header_name(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '_';
  });
}

constexpr Shape kText{.kind = NodeKind::String};
constexpr Shape kSomeText{.kind = NodeKind::String, .size_min = 1};
constexpr Shape kFlag{.kind = NodeKind::Bool};
constexpr Shape kTexts{.kind = NodeKind::Array, .element = &kText};
constexpr Shape kSomeTexts{.kind = NodeKind::Array, .element = &kSomeText};
constexpr Shape kLabelValue{.kind = NodeKind::String, .size_max = 63};
constexpr Shape kLabels{.element = &kLabelValue, .size_max = 4096};
constexpr std::array kSelectorFields = {FieldShape{"matchLabels", &kLabels}};
constexpr Shape kSelector{.fields = kSelectorFields};

constexpr Shape kGroup{
    .kind = NodeKind::String,
    .size_max = 253,
    .has_pattern = is_group,
    .pattern = R"(^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)"};
constexpr Shape kKind{.kind = NodeKind::String,
                      .size_min = 1,
                      .size_max = 63,
                      .has_pattern = is_kind,
                      .pattern = "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"};
constexpr Shape kTargetName{.kind = NodeKind::String, .size_min = 1, .size_max = 253};
constexpr std::array kTargetFields = {
    FieldShape{"group", &kGroup}, FieldShape{"kind", &kKind, true},
    FieldShape{"name", &kTargetName, true}, FieldShape{"namespace", &kText}};
constexpr Shape kTarget{.fields = kTargetFields};
constexpr Shape kTargets{.kind = NodeKind::Array, .element = &kTarget, .size_max = 16};

constexpr Shape kAccount{.kind = NodeKind::String, .size_max = 320};
constexpr Shape kAccounts{.kind = NodeKind::Array, .element = &kAccount, .size_max = 16};
constexpr std::array kSourceFields = {FieldShape{"ipBlocks", &kTexts},
                                      FieldShape{"namespaces", &kTexts},
                                      FieldShape{"notIpBlocks", &kTexts},
                                      FieldShape{"notNamespaces", &kTexts},
                                      FieldShape{"notPrincipals", &kTexts},
                                      FieldShape{"notRemoteIpBlocks", &kTexts},
                                      FieldShape{"notRequestPrincipals", &kTexts},
                                      FieldShape{"notServiceAccounts", &kAccounts},
                                      FieldShape{"notTrustDomains", &kTexts},
                                      FieldShape{"principals", &kTexts},
                                      FieldShape{"remoteIpBlocks", &kTexts},
                                      FieldShape{"requestPrincipals", &kTexts},
                                      FieldShape{"serviceAccounts", &kAccounts},
                                      FieldShape{"trustDomains", &kTexts}};
constexpr Shape kSource{.fields = kSourceFields};
constexpr std::array kFromFields = {FieldShape{"source", &kSource}};
constexpr Shape kFrom{.fields = kFromFields};
constexpr Shape kFroms{.kind = NodeKind::Array, .element = &kFrom, .size_max = 512};
constexpr std::array kOperationFields = {
    FieldShape{"hosts", &kTexts},    FieldShape{"methods", &kTexts},
    FieldShape{"notHosts", &kTexts}, FieldShape{"notMethods", &kTexts},
    FieldShape{"notPaths", &kTexts}, FieldShape{"notPorts", &kTexts},
    FieldShape{"paths", &kTexts},    FieldShape{"ports", &kTexts}};
constexpr Shape kOperation{.fields = kOperationFields};
constexpr std::array kToFields = {FieldShape{"operation", &kOperation}};
constexpr Shape kTo{.fields = kToFields};
constexpr Shape kTos{.kind = NodeKind::Array, .element = &kTo};
constexpr std::array kWhenFields = {FieldShape{"key", &kText, true},
                                    FieldShape{"notValues", &kTexts},
                                    FieldShape{"values", &kTexts}};
constexpr Shape kWhen{.fields = kWhenFields};
constexpr Shape kWhens{.kind = NodeKind::Array, .element = &kWhen};
constexpr std::array kRuleFields = {FieldShape{"from", &kFroms}, FieldShape{"to", &kTos},
                                    FieldShape{"when", &kWhens}};
constexpr Shape kRule{.fields = kRuleFields};
constexpr Shape kRules{.kind = NodeKind::Array, .element = &kRule, .size_max = 512};
constexpr std::array<std::string_view, 4> kActions = {"ALLOW", "DENY", "AUDIT", "CUSTOM"};
constexpr Shape kActionWord{.kind = NodeKind::String, .words = kActions};
constexpr std::array kProviderFields = {FieldShape{"name", &kText}};
constexpr Shape kProvider{.fields = kProviderFields};
constexpr std::array kPolicyFields = {
    FieldShape{"action", &kActionWord}, FieldShape{"provider", &kProvider},
    FieldShape{"rules", &kRules},       FieldShape{"selector", &kSelector},
    FieldShape{"targetRef", &kTarget},  FieldShape{"targetRefs", &kTargets}};

constexpr std::array<std::string_view, 4> kModes = {"UNSET", "DISABLE", "PERMISSIVE", "STRICT"};
constexpr Shape kMode{.kind = NodeKind::String, .words = kModes};
constexpr std::array kMtlsFields = {FieldShape{"mode", &kMode}};
constexpr Shape kMtls{.fields = kMtlsFields};
constexpr Shape kPortLevel{.element = &kMtls, .size_min = 1};
constexpr std::array kPeerFields = {FieldShape{"mtls", &kMtls},
                                    FieldShape{"portLevelMtls", &kPortLevel},
                                    FieldShape{"selector", &kSelector}};

constexpr std::array kHeaderFields = {FieldShape{"name", &kSomeText, true},
                                      FieldShape{"prefix", &kText}};
constexpr Shape kHeader{.fields = kHeaderFields};
constexpr Shape kHeaders{.kind = NodeKind::Array, .element = &kHeader};
constexpr Shape kOutputHeader{.kind = NodeKind::String,
                              .size_min = 1,
                              .has_pattern = is_header_name,
                              .pattern = "^[-_A-Za-z0-9]+$"};
constexpr std::array kOutputFields = {FieldShape{"claim", &kSomeText, true},
                                      FieldShape{"header", &kOutputHeader, true}};
constexpr Shape kOutput{.fields = kOutputFields};
constexpr Shape kOutputs{.kind = NodeKind::Array, .element = &kOutput};
constexpr Shape kDelimited{.kind = NodeKind::Array, .element = &kSomeText, .size_max = 64};
constexpr Shape kJwksUri{.kind = NodeKind::String, .size_min = 1, .size_max = 2048};
constexpr std::array kJwtFields = {FieldShape{"audiences", &kSomeTexts},
                                   FieldShape{"forwardOriginalToken", &kFlag},
                                   FieldShape{"fromCookies", &kSomeTexts},
                                   FieldShape{"fromHeaders", &kHeaders},
                                   FieldShape{"fromParams", &kSomeTexts},
                                   FieldShape{"issuer", &kSomeText},
                                   FieldShape{"jwks", &kText},
                                   FieldShape{"jwks_uri", &kJwksUri},
                                   FieldShape{"jwksUri", &kJwksUri},
                                   FieldShape{"outputClaimToHeaders", &kOutputs},
                                   FieldShape{"outputPayloadToHeader", &kText},
                                   FieldShape{"spaceDelimitedClaims", &kDelimited},
                                   FieldShape{"timeout", &kText}};
constexpr Shape kJwt{.fields = kJwtFields};
constexpr Shape kJwts{.kind = NodeKind::Array, .element = &kJwt, .size_max = 4096};
constexpr std::array kRequestFields = {
    FieldShape{"jwtRules", &kJwts}, FieldShape{"selector", &kSelector},
    FieldShape{"targetRef", &kTarget}, FieldShape{"targetRefs", &kTargets}};

std::string_view api_type(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return "boolean";
    case NodeKind::Number:
      return "integer";
    case NodeKind::String:
      return "string";
    case NodeKind::Array:
      return "array";
    case NodeKind::Object:
      return "object";
  }
  return "null";
}

void check_text(const Node& node, const Shape& shape, Checker& checker) {
  const std::string_view text = node.text();
  if (!shape.words.empty() &&
      std::find(shape.words.begin(), shape.words.end(), text) == shape.words.end()) {
    std::string words;
    for (const std::string_view word : shape.words) {
      words += fmt::format("{}\"{}\"", words.empty() ? "" : ", ", word);
    }
    std::string quoted;
    document::append_json_string(quoted, text);
    checker.refuse_here(fmt::format("Unsupported value: {}: supported values: {}", quoted, words));
  }
  if (text.size() < shape.size_min) {
    checker.refuse_here(fmt::format("Invalid value: {} in body should be at least {} chars long",
                                    checker.path(), shape.size_min));
  } else if (text.size() > shape.size_max) {
    checker.refuse_here(fmt::format("Too long: may not be more than {} bytes", shape.size_max));
  } else if (shape.has_pattern != nullptr && !shape.has_pattern(text)) {
    checker.refuse_here(
        fmt::format("Invalid value: {} in body should match '{}'", checker.path(), shape.pattern));
  }
}

void check_count(const Node& node, const Shape& shape, std::string_view unit, Checker& checker) {
  if (node.size() < shape.size_min) {
    checker.refuse_here(fmt::format("Invalid value: {} in body should have at least {} {}",
                                    checker.path(), shape.size_min, unit));
  } else if (node.size() > shape.size_max) {
    checker.refuse_here(
        fmt::format("Too many: {}: must have at most {} items", node.size(), shape.size_max));
  }
}

void check_members(const Node& node, const Shape& shape, Checker& checker) {
  for (const FieldShape& field : shape.fields) {
    const Node* value = node.find(field.name);
    const Checker::Step step(checker, field.name, value);
    if (value != nullptr && !value->is_null()) {
      check_shape(*value, *field.shape, checker);
    } else if (field.is_required) {
      checker.refuse_here("Required value");
    }
  }
  if (shape.element != nullptr) {
    check_count(node, shape, "properties", checker);
    for (const document::Member member : node.members()) {
      const Checker::Step step(checker, member.key, &member.value);
      check_shape(member.value, *shape.element, checker);
    }
  }
}

}  // namespace

const Shape kAuthorizationPolicyShape{.fields = kPolicyFields};
const Shape kPeerAuthenticationShape{.fields = kPeerFields};
const Shape kRequestAuthenticationShape{.fields = kRequestFields};

// Shapes nest eight levels at most, whatever the object does.
void check_shape(const Node& node, const Shape& shape, Checker& checker) {
  if (node.kind() != shape.kind) {
    checker.refuse_here(fmt::format("Invalid value: \"{}\": {} in body must be of type {}: \"{}\"",
                                    api_type(node.kind()), checker.path(), api_type(shape.kind),
                                    api_type(node.kind())));
    return;
  }
  if (node.is_string()) {
    check_text(node, shape, checker);
  } else if (node.is_object()) {
    check_members(node, shape, checker);
  } else if (node.is_array()) {
    check_count(node, shape, "items", checker);
    std::size_t index = 0;
    for (const Node& item : node.items()) {
      const Checker::Step step(checker, index++, &item);
      check_shape(item, *shape.element, checker);
    }
  }
}

}  // namespace tally::authorization
