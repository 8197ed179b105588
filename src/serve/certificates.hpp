#pragma once
// What the endpoint shows to the API server: a certificate from files (of cert-manager, say), or of
// an authority of its own that is kept in a Secret, so that all replicas share it, and in the state
// folder where there is no cluster. Rotated before it ends, without a moment in which a client that
// trusts what was published refuses what is served (crypto/rotation.hpp).
//
// Threads: one at a time.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/serving_identity.hpp"
#include "kube_client/api_client.hpp"

namespace tally::serve {

struct ServedCertificate {
  std::string certificate;  // PEM, leaf first
  crypto::SecretBytes key;
  std::string ca_bundle;  // for the webhook configuration
  std::int64_t not_after = 0;
  std::int64_t authority_not_after = 0;  // 0: not ours
};

// Where an identity is kept. load() of what is not there: nothing.
class IdentityStore {
 public:
  virtual ~IdentityStore() = default;
  [[nodiscard]] virtual Result<std::optional<crypto::ServingIdentity>> load() = 0;
  // False: somebody else was faster; load again.
  [[nodiscard]] virtual Result<bool> save(const crypto::ServingIdentity& identity) = 0;
};

// DIR/identity.pem: authorities, key, certificate, key; readable by its owner only.
[[nodiscard]] std::unique_ptr<IdentityStore> identity_in_folder(std::string folder);
// The Secret `name`, written with its resourceVersion. What was read last is kept in the folder,
// and serves while the API server does not answer.
struct SecretPlace {
  std::string name_space;
  std::string name;
  std::string folder;
};
[[nodiscard]] std::unique_ptr<IdentityStore> identity_in_secret(kube_client::ApiClient& client,
                                                                const SecretPlace& place);

class Certificates {
 public:
  struct Files {
    std::string certificate;
    std::string key;
    std::string authority;  // may be empty: the webhook then trusts what the API server trusts
  };
  explicit Certificates(Files files) : files_(std::move(files)) {}
  Certificates(std::unique_ptr<IdentityStore> store, crypto::ServingNames names,
               crypto::RotationPolicy policy)
      : store_(std::move(store)), names_(std::move(names)), policy_(policy) {}

  // What is to be served at this moment, if it is another than the last time; at the first call
  // something always is. Errors leave in place what is served.
  [[nodiscard]] Result<std::optional<ServedCertificate>> refresh(std::int64_t now_seconds);

 private:
  [[nodiscard]] Result<std::optional<ServedCertificate>> from_files();
  [[nodiscard]] Result<std::optional<ServedCertificate>> from_authority(std::int64_t now_seconds);

  Files files_{};
  std::unique_ptr<IdentityStore> store_;  // null: files
  crypto::ServingNames names_{};
  crypto::RotationPolicy policy_{};
  std::string served_;  // the certificate and the bundle of the last answer
};

}  // namespace tally::serve
