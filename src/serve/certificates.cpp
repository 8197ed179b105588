#include "serve/certificates.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/issue.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube_client/apply.hpp"
#include "scalar/base64.hpp"
#include "serve/policy_files.hpp"

namespace tally::serve {

using crypto::SecretBytes;
using crypto::ServingIdentity;

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20U;
constexpr int kTries = 5;

Result<std::string> read_text(const std::string& path) {
  TALLY_TRY(const auto source, document::Source::read_file(path, kFileBytesMax));
  return std::string(source->text());
}

// --- in a folder: one file, so that all of it is replaced at once

// PEM blocks by their order: keys are told by their label.
struct Blocks {
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
};

Blocks blocks_of(std::string_view text) {
  Blocks blocks;
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  for (;;) {
    const std::size_t begin = text.find(kBegin);
    const std::size_t end = begin == text.npos ? text.npos : text.find(kEnd, begin);
    const std::size_t line = end == text.npos ? text.npos : text.find('\n', end);
    if (line == text.npos) {
      return blocks;
    }
    std::string block(text.substr(begin, line + 1 - begin));
    (block.contains("PRIVATE KEY") ? blocks.keys : blocks.certificates).push_back(std::move(block));
    text.remove_prefix(line + 1);
  }
}

// Authorities, their key, the serving certificate (last of the certificates) and its key.
std::optional<ServingIdentity> identity_of(std::string_view text) {
  Blocks blocks = blocks_of(text);
  if (blocks.certificates.size() < 2 || blocks.keys.size() != 2) {
    return std::nullopt;
  }
  ServingIdentity identity;
  identity.serving_certificate = std::move(blocks.certificates.back());
  blocks.certificates.pop_back();
  identity.ca_certificates = std::move(blocks.certificates);
  identity.ca_key = SecretBytes(std::move(blocks.keys[0]));
  identity.serving_key = SecretBytes(std::move(blocks.keys[1]));
  return identity;
}

std::string text_of(const ServingIdentity& identity) {
  std::string text;
  for (const std::string& certificate : identity.ca_certificates) {
    text += certificate;
  }
  text += identity.ca_key.reveal();
  text += identity.serving_certificate;
  text += identity.serving_key.reveal();
  return text;
}

class InFolder final : public IdentityStore {
 public:
  explicit InFolder(std::string folder) : path_(std::move(folder) + "/identity.pem") {}

  Result<std::optional<ServingIdentity>> load() override {
    if (::access(path_.c_str(), F_OK) != 0) {
      return std::nullopt;
    }
    TALLY_TRY(std::string text, read_text(path_));
    const SecretBytes secret(std::move(text));
    return identity_of(secret.reveal());
  }

  Result<bool> save(const ServingIdentity& identity) override {
    const mode_t before = ::umask(0077);
    const SecretBytes text(text_of(identity));
    const Result<void> written = write_whole(path_, text.reveal());
    ::umask(before);
    TALLY_CHECK(written);
    return true;
  }

 private:
  std::string path_;
};

// --- in a Secret

class InSecret final : public IdentityStore {
 public:
  InSecret(kube_client::ApiClient& client, const SecretPlace& place)
      : client_(client),
        copy_(place.folder),
        place_{.resource = {.group = {},
                            .version = "v1",
                            .plural = "secrets",
                            .kind = "Secret",
                            .is_namespaced = true},
               .name_space = place.name_space,
               .name = place.name,
               .subresource = {}} {}

  Result<std::optional<ServingIdentity>> load() override {
    version_.clear();
    auto answer = client_.get(place_.path());
    if (!answer) {
      if (answer.error().status == 404) {
        return std::nullopt;
      }
      // No answer at all: what was read last is as good as what we would read now.
      auto kept = answer.error().status == 0 ? copy_.load()
                                             : Result<std::optional<ServingIdentity>>(std::nullopt);
      if (kept && *kept) {
        return kept;
      }
      return std::unexpected(std::move(answer).error().error);
    }
    const SecretBytes body(std::move(*answer));
    const auto source = document::Source::from_text("secret", body.reveal());
    Arena arena;
    const auto root = document::read_one(*source, arena);
    if (!root) {
      return environment_error("the Secret of the certificates is no JSON");
    }
    const document::Node* metadata = root->find("metadata");
    const document::Node* version =
        metadata == nullptr ? nullptr : metadata->find("resourceVersion");
    const document::Node* data = root->find("data");
    const document::Node* pem = data == nullptr ? nullptr : data->find("identity.pem");
    version_ = version == nullptr ? std::string() : std::string(version->text());
    if (pem == nullptr) {
      return std::nullopt;
    }
    auto decoded = scalar::decode_base64(pem->text());
    const SecretBytes text(std::move(decoded.octets));
    auto identity = identity_of(text.reveal());
    if (identity) {
      TALLY_TRY([[maybe_unused]] const bool is_saved, copy_.save(*identity));
    }
    return identity;
  }

  Result<bool> save(const ServingIdentity& identity) override {
    const SecretBytes text(text_of(identity));
    // What others wrote beside it (labels, annotations) stays: an existing Secret is patched.
    std::string object = fmt::format(
        R"({{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{{"name":"{}",)"
        R"("namespace":"{}"{},"labels":{{"app.kubernetes.io/managed-by":"tally"}}}},)"
        R"("data":{{"identity.pem":"{}"}}}})",
        place_.name, place_.name_space,
        version_.empty() ? "" : fmt::format(R"(,"resourceVersion":"{}")", version_),
        scalar::encode_base64(text.reveal()));
    kube_client::ObjectPlace list = place_;
    list.name.clear();
    const SecretBytes whole(std::move(object));
    const auto done = version_.empty() ? kube_client::create(client_, list, whole.reveal())
                                       : kube_client::merge_patch(client_, place_, whole.reveal());
    if (done) {
      return true;
    }
    if (done.error().status == 409) {
      return false;
    }
    return std::unexpected(done.error().error);
  }

 private:
  kube_client::ApiClient& client_;
  InFolder copy_;
  kube_client::ObjectPlace place_;
  std::string version_;  // of what was loaded
};

}  // namespace

std::unique_ptr<IdentityStore> identity_in_folder(std::string folder) {
  return std::make_unique<InFolder>(std::move(folder));
}

std::unique_ptr<IdentityStore> identity_in_secret(kube_client::ApiClient& client,
                                                  const SecretPlace& place) {
  return std::make_unique<InSecret>(client, place);
}

Result<std::optional<ServedCertificate>> Certificates::from_files() {
  ServedCertificate made;
  TALLY_TRY(made.certificate, read_text(files_.certificate));
  TALLY_TRY(std::string key, read_text(files_.key));
  made.key = SecretBytes(std::move(key));
  if (!files_.authority.empty()) {
    TALLY_TRY(made.ca_bundle, read_text(files_.authority));
  }
  if (made.certificate + made.ca_bundle == served_) {
    return std::nullopt;
  }
  // A mounted Secret changes file by file in the eyes of a reader.
  if (!crypto::matches_key(made.certificate, made.key)) {
    return environment_error(fmt::format("the key in {} is not that of the certificate in {}",
                                         files_.key, files_.certificate));
  }
  TALLY_TRY(const auto facts, crypto::read_certificate(made.certificate));
  made.not_after = facts.not_after;
  served_ = made.certificate + made.ca_bundle;
  return made;
}

Result<std::optional<ServedCertificate>> Certificates::from_authority(std::int64_t now_seconds) {
  for (int tries = 0; tries < kTries; ++tries) {
    TALLY_TRY(auto kept, store_->load());
    TALLY_TRY(auto rotated, crypto::rotate(kept ? std::move(*kept) : ServingIdentity{}, names_,
                                           policy_, now_seconds));
    if (!rotated.steps.empty()) {
      TALLY_TRY(const bool is_saved, store_->save(rotated.identity));
      if (!is_saved) {
        continue;  // another replica was faster: its identity counts
      }
    }
    ServedCertificate made;
    made.certificate = std::move(rotated.identity.serving_certificate);
    made.ca_bundle = rotated.identity.ca_bundle();
    if (made.certificate + made.ca_bundle == served_) {
      return std::nullopt;
    }
    made.key = std::move(rotated.identity.serving_key);
    TALLY_TRY(const auto facts, crypto::read_certificate(made.certificate));
    TALLY_TRY(const auto authority, crypto::read_certificate(made.ca_bundle));
    made.not_after = facts.not_after;
    made.authority_not_after = authority.not_after;
    served_ = made.certificate + made.ca_bundle;
    return made;
  }
  return environment_error("the Secret of the certificates changes faster than it can be written");
}

Result<std::optional<ServedCertificate>> Certificates::refresh(std::int64_t now_seconds) {
  return store_ == nullptr ? from_files() : from_authority(now_seconds);
}

}  // namespace tally::serve
