#include "declare_serve.hpp"

#include <CLI/CLI.hpp>

namespace tally::app {

namespace {

constexpr const char* kExamples = R"(
Examples:
  tally serve --config /etc/tally/tally.yaml
  tally serve --without-cluster --policy policies --listen 127.0.0.1:8443 --state ./state
  tally install --dry-run | kubectl apply -f -        # in a cluster

Ends at SIGTERM or SIGINT, after the requests that are under way are answered.)";

}  // namespace

CLI::App* declare_serve(CLI::App& app, ServeFlags& flags) {
  CLI::App* serve =
      app.add_subcommand("serve", "Judge admission requests of a cluster, and audit what is in it");
  serve->footer(kExamples);
  serve->add_option("--config", flags.config,
                    "Configuration file (default: tally.yaml of the working directory)");
  serve
      ->add_option("--policy", flags.policies,
                   "Files or folders with policies, repeatable; read again when they change")
      ->allow_extra_args(false);
  serve->add_option("--listen", flags.listen, "HOST:PORT of the webhook (default: 0.0.0.0:8443)");
  serve->add_option("--listen-health", flags.listen_health,
                    "HOST:PORT of health and metrics (default: 0.0.0.0:8080)");
  serve->add_option("--state", flags.state,
                    "Folder for the last good policies and the store (default: /var/lib/tally)");
  serve->add_option("--store", flags.store,
                    "sqlite:PATH or postgresql://... (default: $TALLY_STORE, or a file in the "
                    "state folder)");
  serve
      ->add_option("--kubeconfig", flags.cluster.kubeconfig,
                   "Kubeconfig files, repeatable (default: $KUBECONFIG, ~/.kube/config, or the "
                   "service account of the pod)")
      ->allow_extra_args(false);
  serve->add_option("--context", flags.cluster.context, "Context of the kubeconfig");
  serve->add_flag("--without-cluster", flags.is_alone,
                  "No API server: policies from files only, no audit, no webhook configuration");
  serve->add_option("--namespace", flags.name_space,
                    "Its own namespace, which the webhook never judges (default: tally-system)");
  serve->add_option("--service", flags.service, "The Service that leads to it (default: tally)");
  serve->add_option("--webhook-url", flags.webhook_url,
                    "https://HOST:PORT by which the API server reaches it, instead of the Service");
  serve->add_flag("--no-webhook", flags.no_webhook, "Leave the webhook configurations alone");
  serve->add_flag("--no-audit", flags.no_audit, "Do not judge what is in the cluster already");
  serve->add_option("--certificate", flags.certificate,
                    "File with its certificate (default: of its own authority)");
  serve->add_option("--key", flags.key, "File with the key of the certificate");
  serve->add_option("--authority", flags.authority,
                    "File with the certificates that the API server is told to trust");
  serve->add_option("--client-authority", flags.client_authority,
                    "File with the certificates of which the API server has to show one");
  serve->add_option("--certificate-life", flags.certificate_life,
                    "Of its own certificates: 90s, 12h, 30d (default: 30d)");
  serve->add_option("--log-level", flags.log_level, "debug, info, warning or error (default: info)")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  serve->add_option("--log-format", flags.log_format, "json or text (default: json)")
      ->check(CLI::IsMember({"json", "text"}));
  serve
      ->add_option("--allow-host", flags.allowed_hosts,
                   "HOST[:PORT] that policies may call over HTTP; none is called otherwise. "
                   "Repeatable")
      ->allow_extra_args(false);
  serve->add_option("--threads", flags.threads, "Threads of the webhook (default: one each core)");
  return serve;
}

}  // namespace tally::app
