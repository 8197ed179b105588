#include "finding/finding.hpp"

#include <charconv>
#include <string>

#include "crypto/sha256.hpp"

namespace tally::finding {

std::string_view to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Pass:
      return "pass";
    case Verdict::Fail:
      return "fail";
    case Verdict::Error:
      return "error";
    case Verdict::Unknown:
      return "unknown";
    case Verdict::Skip:
      return "skip";
  }
  return "unknown";
}

std::string_view to_text(Severity severity) noexcept {
  switch (severity) {
    case Severity::Critical:
      return "critical";
    case Severity::High:
      return "high";
    case Severity::Medium:
      return "medium";
    case Severity::Low:
      return "low";
    case Severity::Info:
      return "info";
  }
  return "info";
}

std::string_view to_text(Mode mode) noexcept {
  switch (mode) {
    case Mode::Audit:
      return "audit";
    case Mode::Warn:
      return "warn";
    case Mode::Enforce:
      return "enforce";
  }
  return "audit";
}

namespace {

using document::Node;

// The keys by which the API server tells elements of its list-maps apart, in the order in which
// they are asked for. (x-kubernetes-list-map-keys of the workload kinds; the full table is kube's,
// which stands beside this library.)
constexpr std::array<std::string_view, 9> kMergeKeys = {
    "name", "containerPort", "port", "mountPath", "devicePath", "topologyKey", "ip", "key", "type"};

// RFC 6901 section 4: one reference token, unescaped (~1 before ~0).
std::string unescape(std::string_view token) {
  std::string text;
  text.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      text += token[++i] == '0' ? '~' : '/';
    } else {
      text += token[i];
    }
  }
  return text;
}

// "[name=api]" or, for a scalar element, "[=NET_ADMIN]"; nothing if the element has no key of its
// own.
bool append_merge_key(std::string& out, const Node& element) {
  if (element.is_string() || element.is_number()) {
    out.append("[=").append(element.text()).append("]");
    return true;
  }
  for (const auto key : kMergeKeys) {
    const Node* value = element.find(key);
    if (value != nullptr && (value->is_string() || value->is_number())) {
      out.append("[").append(key).append("=").append(value->text()).append("]");
      return true;
    }
  }
  return false;
}

void append_stable_pointer(std::string& out, std::string_view pointer, const Node& root) {
  const Node* at = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const auto end = pointer.find('/');
    const std::string_view token = pointer.substr(0, end);
    pointer = end == std::string_view::npos ? std::string_view{} : pointer.substr(end);
    out += '/';
    if (at != nullptr && at->is_array()) {
      std::size_t index = 0;
      const auto [last, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      const bool is_index =
          error == std::errc{} && last == token.data() + token.size() && index < at->size();
      at = is_index ? &at->items()[index] : nullptr;
      if (at == nullptr || !append_merge_key(out, *at)) {
        out += token;
      }
      continue;
    }
    out += token;
    if (at != nullptr) {
      at = token.contains('~') ? at->find(unescape(token)) : at->find(token);
    }
  }
}

}  // namespace

Fingerprint fingerprint(const Finding& finding) {
  // Reused buffers: a report has tens of thousands of findings.
  thread_local std::string text;
  thread_local crypto::Sha256 hash;
  text.clear();
  const auto field = [](std::string_view value) {
    text += value;
    text += '\0';
  };
  if (finding.check != nullptr) {
    field(finding.check->engine);
    field(finding.check->policy);
    field(finding.check->id);
  }
  if (finding.subject != nullptr) {
    // Without the version: an object that moves from v1beta1 to v1 is the same object.
    field(finding.subject->ref.group);
    field(finding.subject->ref.kind);
    field(finding.subject->ref.name_space);
    field(finding.subject->ref.name);
    field(finding.container);
    append_stable_pointer(text, finding.pointer, finding.subject->root);
  } else {
    field(finding.pointer);
    field(finding.message);
  }
  hash.update(text);
  return crypto::to_hex(hash.finish());
}

}  // namespace tally::finding
