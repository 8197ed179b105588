// Rule: the token of the service account is mounted only where it is used.
// Fields: spec.automountServiceAccountToken, and that of the ServiceAccount object where the input
// holds it. Allowed: false at the pod, or absent there and false at the account; true, written out,
// is taken as meant.
#include "workload/checks/all.hpp"

namespace tally::workload {
namespace {

const document::Name kAutomount{"automountServiceAccountToken"};

constexpr std::array kControls = {finding::Control{"CIS Kubernetes Benchmark", "1.12", "5.1.6"},
                                  finding::Control{"NIST 800-53", "r5", "AC-6"},
                                  finding::Control{"NSA/CISA Kubernetes Hardening Guide", "1.2",
                                                   "Protecting Pod service account tokens"}};
constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/tasks/configure-pod-container/"
                     "configure-service-account/#opt-out-of-api-credential-automounting"}};
constexpr finding::Check kCheck{.engine = "workload",
                                .policy = "hygiene",
                                .id = "service-account-token",
                                .title = "Service account token is mounted by default",
                                .description =
                                    "Unless told otherwise, every pod gets a credential for the "
                                    "API server. Whoever breaks into the container holds it. "
                                    "Most applications never talk to the API server.",
                                .remedy =
                                    "Set `automountServiceAccountToken: false`; write `true` where "
                                    "the workload does use the Kubernetes API.",
                                .severity = finding::Severity::Info,
                                .controls = kControls,
                                .references = kReferences};

void examine(const Workload& workload, Reporter& reporter) {
  const document::Node* field = workload.spec->find(kAutomount);
  if (field != nullptr && !field->is_null()) {
    return;
  }
  if (workload.account_mounts_token.has_value()) {
    return;  // somebody decided at the account, one way or the other
  }
  reporter.object(
      kCheck, nullptr,
      {.field = "",
       .offset = workload.spec->offset(),
       .found = "not set (true)",
       .allowed = "false, or true on purpose",
       .message = "a credential for the API server is mounted because nobody said otherwise"});
}

}  // namespace

Entry service_account_token_check() {
  return {.check = &kCheck, .pod = examine, .container = nullptr};
}

}  // namespace tally::workload
