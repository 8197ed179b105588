#include "pod_security/internal/seccomp.hpp"

namespace tally::pod_security {

namespace {

const document::Name kType{"type"};

}  // namespace

const document::Node* seccomp_type(const document::Node* profile) { return member(profile, kType); }

bool is_allowed_seccomp_type(const document::Node* type) {
  return is_text(type, "RuntimeDefault") || is_text(type, "Localhost");
}

void describe_seccomp_setters(std::span<const Offence> offences, Description& description) {
  description.set_reason("seccompProfile");
  description.write_setters(offences);
  description.write(" must not set securityContext.seccompProfile.type to ");
  description.write_quoted(description.set_of_texts(offences));
}

}  // namespace tally::pod_security
