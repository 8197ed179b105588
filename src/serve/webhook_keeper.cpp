#include "serve/webhook_keeper.hpp"

#include "kube_client/apply.hpp"

namespace tally::serve {

Result<void> WebhookKeeper::keep_one(const char* plural, const char* kind,
                                     const std::string& wanted, std::string& written, bool is_due) {
  if (wanted == written && !is_due) {
    return {};
  }
  const kube_client::ObjectPlace place{.resource = {.group = "admissionregistration.k8s.io",
                                                    .version = "v1",
                                                    .plural = plural,
                                                    .kind = kind,
                                                    .is_namespaced = false},
                                       .name_space = {},
                                       .name = std::string(admission::kConfigurationName),
                                       .subresource = {}};
  if (wanted.empty()) {
    const auto removed = kube_client::remove(client_, place);
    if (!removed && removed.error().status != 404) {
      return std::unexpected(removed.error().error);
    }
  } else {
    const auto applied = kube_client::apply(client_, place, wanted, {.is_forced = true});
    if (!applied) {
      return std::unexpected(applied.error().error);
    }
  }
  if (wanted != written) {
    log_.info(wanted.empty() ? "webhook configuration removed" : "webhook configuration written",
              {{"kind", kind}});
  }
  written = wanted;
  return {};
}

Result<void> WebhookKeeper::keep(const admission::WebhookConfigurations& wanted, bool is_due) {
  TALLY_CHECK(keep_one("mutatingwebhookconfigurations", "MutatingWebhookConfiguration",
                       wanted.mutating, mutating_, is_due));
  return keep_one("validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
                  wanted.validating, validating_, is_due);
}

}  // namespace tally::serve
