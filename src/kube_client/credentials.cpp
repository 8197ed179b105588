#include "kube_client/credentials.hpp"

#include <fmt/format.h>

#include "document/json_writer.hpp"
#include "scalar/base64.hpp"

namespace tally::kube_client {

using document::Node;

std::string exec_info(const ExecPlugin& plugin, const ExecCluster& cluster) {
  std::string out = R"({"kind":"ExecCredential","apiVersion":)";
  document::append_json_string(out, plugin.api_version);
  out += R"(,"spec":{)";
  if (plugin.provide_cluster_info) {
    out += R"("cluster":{"server":)";
    document::append_json_string(out, cluster.server);
    if (!cluster.server_name.empty()) {
      out += R"(,"tls-server-name":)";
      document::append_json_string(out, cluster.server_name);
    }
    if (!cluster.ca_bundle.empty()) {
      out += R"(,"certificate-authority-data":)";
      document::append_json_string(out, scalar::encode_base64(cluster.ca_bundle));
    }
    out += "},";
  }
  // A terminal is never handed over: nobody may be sitting there.
  return out + R"("interactive":false}})";
}

Result<Credential> read_exec_credential(const Node& printed, const ExecPlugin& plugin) {
  const auto text = [](const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value != nullptr && value->is_string() ? std::string(value->text()) : std::string();
  };
  const auto wrong = [&plugin](std::string_view what) {
    return content_error(fmt::format("the credential plugin {} {}", plugin.command, what));
  };
  if (text(printed, "kind") != "ExecCredential") {
    return wrong("printed no ExecCredential");
  }
  if (text(printed, "apiVersion") != plugin.api_version) {
    return wrong("answers in another apiVersion than " + plugin.api_version);
  }
  const Node* status = printed.find("status");
  if (status == nullptr || !status->is_object()) {
    return wrong("printed an ExecCredential without a status");
  }
  Credential credential{.token = text(*status, "token"),
                        .client_certificate = text(*status, "clientCertificateData"),
                        .client_key = text(*status, "clientKeyData")};
  if (credential.token.empty() && credential.client_certificate.empty()) {
    return wrong("printed neither a token nor a client certificate");
  }
  if (credential.client_certificate.empty() != credential.client_key.empty()) {
    return wrong("printed one of client certificate and key without the other");
  }
  return credential;
}

}  // namespace tally::kube_client
