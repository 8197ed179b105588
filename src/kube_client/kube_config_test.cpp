#include "kube_client/kube_config.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "document/read.hpp"

namespace tally::kube_client {
namespace {

constexpr std::string_view kConfig = R"(
apiVersion: v1
kind: Config
current-context: bank
clusters:
- name: bank
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority: ca.pem, tls-server-name: api}
- name: plain
  cluster: {server: "http://10.0.0.1"}
- name: blind
  cluster: {server: "https://10.0.0.1", insecure-skip-tls-verify: true}
- name: seeing
  cluster: {server: "https://10.0.0.1", insecure-skip-tls-verify: false, proxy-url: ""}
- name: proxied
  cluster: {server: "https://10.0.0.1", proxy-url: "http://proxy"}
- name: garbled
  cluster: {server: "https://10.0.0.1", certificate-authority-data: "*"}
- name: empty
- name: nowhere
  cluster: {}
users:
- name: teller
  user: {client-certificate-data: Q0VSVA==, client-key: /keys/teller.pem}
- name: half
  user: {client-certificate-data: Q0VSVA==}
- name: token
  user: {token: t0ken}
- name: file
  user: {token: t0ken, tokenFile: token.txt}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/login
      args: [get-token, --cluster, bank]
      env: [{name: REGION, value: north}]
      provideClusterInfo: true
      installHint: ask the platform team
- name: old-plugin
  user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: login}}
- name: asking-plugin
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Always}}
- name: nameless-plugin
  user: {exec: {apiVersion: client.authentication.k8s.io/v1}}
- name: password
  user: {username: a, password: b}
- name: provider
  user: {auth-provider: {name: gcp}}
- name: other
  user: {token: t, as: admin}
contexts:
- {name: bank, context: {cluster: bank, user: teller, namespace: payments}}
- {name: with-token, context: {cluster: bank, user: token}}
- {name: with-file, context: {cluster: bank, user: file}}
- {name: with-plugin, context: {cluster: bank, user: plugin}}
- {name: nobody, context: {cluster: seeing}}
- {name: plain, context: {cluster: plain}}
- {name: blind, context: {cluster: blind}}
- {name: proxied, context: {cluster: proxied}}
- {name: garbled, context: {cluster: garbled}}
- {name: empty, context: {cluster: empty}}
- {name: nowhere, context: {cluster: nowhere}}
- {name: no-cluster, context: {cluster: absent}}
- {name: no-user, context: {cluster: bank, user: absent}}
- {name: half, context: {cluster: bank, user: half}}
- {name: old-plugin, context: {cluster: bank, user: old-plugin}}
- {name: asking-plugin, context: {cluster: bank, user: asking-plugin}}
- {name: nameless-plugin, context: {cluster: bank, user: nameless-plugin}}
- {name: password, context: {cluster: bank, user: password}}
- {name: provider, context: {cluster: bank, user: provider}}
- {name: other, context: {cluster: bank, user: other}}
)";

// Texts as files, and what they read.
class Files {
 public:
  using Texts = std::vector<std::pair<std::string, std::string_view>>;
  explicit Files(const Texts& texts) {
    for (const auto& [path, text] : texts) {
      sources_.push_back(document::Source::from_text(path, text));
      auto root = document::read_one(*sources_.back(), arena_);
      EXPECT_TRUE(root.has_value()) << path;
      files_.push_back(
          {.path = path, .source = sources_.back().get(), .root = root ? *root : document::Node{}});
    }
  }
  [[nodiscard]] Result<ClusterAccess> read(std::string_view context) const {
    return read_kube_config(files_, context, surroundings());
  }
  static Surroundings surroundings(std::map<std::string, std::string> variables = {}) {
    Surroundings surroundings;
    surroundings.read_file = [](const std::string& path) -> Result<std::string> {
      return path.find("absent") != std::string::npos
                 ? Result<std::string>(environment_error(path + ": no such file"))
                 : Result<std::string>("<" + path + ">");
    };
    surroundings.environment =
        [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
      const auto at = variables.find(name);
      return at == variables.end() ? std::nullopt : std::optional(at->second);
    };
    return surroundings;
  }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<KubeConfigFile> files_;
};

TEST(KubeConfig, TheCurrentContext) {
  const Files files({{"/home/kim/.kube/config", kConfig}});
  const auto access = files.read("");
  ASSERT_TRUE(access.has_value()) << access.error().to_string();
  EXPECT_EQ(access->context, "bank");
  EXPECT_EQ(access->server, "https://10.0.0.1:6443");
  EXPECT_EQ(access->server_name, "api");
  EXPECT_EQ(access->ca_bundle, "</home/kim/.kube/ca.pem>");
  EXPECT_EQ(access->name_space, "payments");
  EXPECT_EQ(access->credentials.client_certificate, "CERT");
  EXPECT_EQ(access->credentials.client_key, "</keys/teller.pem>");
  EXPECT_TRUE(access->credentials.token.empty());
}

TEST(KubeConfig, TokensAndPlugins) {
  const Files files({{"/home/kim/.kube/config", kConfig}});
  EXPECT_EQ(files.read("with-token")->credentials.token, "t0ken");
  EXPECT_EQ(files.read("with-token")->name_space, "default");
  const CredentialSource file = files.read("with-file")->credentials;
  EXPECT_EQ(file.token_file, "/home/kim/.kube/token.txt");
  EXPECT_EQ(file.token, "") << "the file goes before the token";
  const auto plugin = files.read("with-plugin")->credentials.exec;
  ASSERT_TRUE(plugin.has_value());
  EXPECT_EQ(plugin->command, "/home/kim/.kube/./bin/login");
  EXPECT_EQ(plugin->arguments, (std::vector<std::string>{"get-token", "--cluster", "bank"}));
  ASSERT_EQ(plugin->environment.size(), 1U);
  EXPECT_EQ(plugin->environment[0].second, "north");
  EXPECT_TRUE(plugin->provide_cluster_info);
  EXPECT_TRUE(files.read("nobody").has_value()) << "an anonymous user";
}

TEST(KubeConfig, Refuses) {
  const Files files({{"config", kConfig}});
  struct Row {
    std::string_view context;
    std::string_view message;
  };
  for (const auto& [context, message] :
       {Row{"absent", "the kubeconfig has no context named \"absent\""},
        Row{"no-cluster", "the kubeconfig has no cluster named \"absent\""},
        Row{"no-user", "the kubeconfig has no user named \"absent\""},
        Row{"empty", "the entry \"empty\" of clusters has no cluster"},
        Row{"nowhere", "the cluster names no server"},
        Row{"plain", "the server is not asked without TLS: expected https://"},
        Row{"blind",
            "insecure-skip-tls-verify: the server's certificate is always verified; give "
            "certificate-authority"},
        Row{"proxied", "proxy-url: proxies are not supported"},
        Row{"garbled", "certificate-authority-data is not base64"},
        Row{"half", "client-certificate and client-key: one is here without the other"},
        Row{"old-plugin",
            "exec.apiVersion: found \"client.authentication.k8s.io/v1alpha1\", expected "
            "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"},
        Row{"asking-plugin", "exec.interactiveMode: Always: nobody is asked at a terminal"},
        Row{"nameless-plugin", "exec names no command"},
        Row{"password",
            "username: API servers no longer take it; use a token, a client "
            "certificate or exec"},
        Row{"provider",
            "auth-provider: API servers no longer take it; use a token, a client "
            "certificate or exec"},
        Row{"other", "as: impersonation is not supported"}}) {
    const auto access = files.read(context);
    ASSERT_FALSE(access.has_value()) << context;
    EXPECT_EQ(access.error().message, message);
  }
  EXPECT_FALSE(Files(Files::Texts{{"config", "kind: Pod"}}).read("").has_value());
  EXPECT_EQ(Files(Files::Texts{{"config", "kind: Config"}}).read("").error().message,
            "the kubeconfig has no current-context; name one with --context");
  EXPECT_EQ(Files(Files::Texts{}).read("").error().message,
            "the kubeconfig has no current-context; name one with --context");
}

// Of several files the first that says something stands, whatever the files of the others.
TEST(KubeConfig, SeveralFiles) {
  const Files files({{"/a/config", "kind: Config\nusers: [{name: token, user: {token: mine}}]\n"},
                     {"/b/config", kConfig}});
  EXPECT_EQ(files.read("")->context, "bank");
  EXPECT_EQ(files.read("with-token")->credentials.token, "mine");
  EXPECT_EQ(files.read("with-token")->ca_bundle, "</b/ca.pem>");
}

TEST(KubeConfig, Paths) {
  const auto paths = [](std::map<std::string, std::string> variables) {
    return kube_config_paths(Files::surroundings(std::move(variables)));
  };
  EXPECT_EQ(paths({{"KUBECONFIG", "/a::/b"}, {"HOME", "/h"}}),
            (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(paths({{"HOME", "/h"}}), std::vector<std::string>{"/h/.kube/config"});
  EXPECT_TRUE(paths({}).empty());
}

TEST(KubeConfig, InCluster) {
  const auto access = in_cluster_access(Files::surroundings(
      {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}}));
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->server, "https://[fd00::1]:443");
  EXPECT_EQ(access->credentials.token_file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
  EXPECT_EQ(access->ca_bundle, "</var/run/secrets/kubernetes.io/serviceaccount/ca.crt>");
  EXPECT_FALSE(in_cluster_access(Files::surroundings({{"KUBERNETES_SERVICE_PORT", "443"}})));
}

TEST(ExecCredential, Reads) {
  const ExecPlugin plugin{.api_version = "client.authentication.k8s.io/v1", .command = "login"};
  const auto read = [&plugin](std::string_view text) {
    const auto source = document::Source::from_text("printed", text);
    Arena arena;
    const auto credential = read_exec_credential(*document::read_one(*source, arena), plugin);
    return credential ? credential->token + "|" + credential->client_certificate
                      : "! " + credential.error().message;
  };
  const std::string head =
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)";
  EXPECT_EQ(read(head + R"({"token":"t"}})"), "t|");
  EXPECT_EQ(read(head + R"({"clientCertificateData":"c","clientKeyData":"k"}})"), "|c");
  constexpr std::string_view kPlugin = "! the credential plugin login ";
  struct Row {
    std::string text;
    std::string_view message;
  };
  for (const auto& [text, message] :
       {Row{R"({"kind":"Status"})", "printed no ExecCredential"},
        Row{"[]", "printed no ExecCredential"},
        Row{R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
            "answers in another apiVersion than client.authentication.k8s.io/v1"},
        Row{head + "null}", "printed an ExecCredential without a status"},
        Row{head + "{}}", "printed neither a token nor a client certificate"},
        Row{head + R"({"token":7}})", "printed neither a token nor a client certificate"},
        Row{head + R"({"clientCertificateData":"secret"}})",
            "printed one of client certificate and key without the other"}}) {
    EXPECT_EQ(read(text), std::string(kPlugin).append(message));
  }
}

TEST(ExecCredential, Info) {
  const ExecPlugin plain{.api_version = "v"};
  EXPECT_EQ(exec_info(plain, {.server = "https://a"}),
            R"({"kind":"ExecCredential","apiVersion":"v","spec":{"interactive":false}})");
  const ExecPlugin asking{.api_version = "v", .provide_cluster_info = true};
  EXPECT_EQ(exec_info(asking, {.server = "https://a", .server_name = "n", .ca_bundle = "CA"}),
            R"({"kind":"ExecCredential","apiVersion":"v","spec":{"cluster":{"server":"https://a",)"
            R"("tls-server-name":"n","certificate-authority-data":"Q0E="},"interactive":false}})");
}

}  // namespace
}  // namespace tally::kube_client
