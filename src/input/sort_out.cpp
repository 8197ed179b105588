#include "input/internal/sort_out.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include "kube/recognised.hpp"
#include "kube/removed_apis.hpp"

namespace tally::input {

namespace {

using finding::Skipped;

struct ToolFile {
  std::string_view name;
  std::string_view what;
};
constexpr std::array kToolFiles = {
    ToolFile{"package.json", "an npm package file"},
    ToolFile{"package-lock.json", "an npm lock file"},
    ToolFile{"tsconfig.json", "a TypeScript configuration"},
    ToolFile{"composer.json", "a Composer package file"},
    ToolFile{"renovate.json", "a Renovate configuration"},
    ToolFile{"devcontainer.json", "a development container configuration"},
    ToolFile{"launch.json", "an editor configuration"},
    ToolFile{"settings.json", "an editor configuration"},
    ToolFile{"pnpm-lock.yaml", "a pnpm lock file"},
    ToolFile{"cloudbuild.yaml", "a Cloud Build configuration"},
    ToolFile{"azure-pipelines.yml", "an Azure pipeline"},
    ToolFile{"mkdocs.yml", "an MkDocs configuration"},
    ToolFile{"codecov.yml", "a Codecov configuration"},
    ToolFile{"dependabot.yml", "a Dependabot configuration"},
    ToolFile{"docker-compose.yml", "a docker-compose file"},
    ToolFile{"docker-compose.yaml", "a docker-compose file"},
    ToolFile{"compose.yaml", "a docker-compose file"},
    ToolFile{".pre-commit-config.yaml", "a pre-commit configuration"},
    ToolFile{".gitlab-ci.yml", "a GitLab pipeline"},
    ToolFile{".travis.yml", "a Travis configuration"},
    ToolFile{".golangci.yml", "a golangci-lint configuration"},
    ToolFile{".golangci.yaml", "a golangci-lint configuration"},
    ToolFile{".goreleaser.yaml", "a GoReleaser configuration"},
    ToolFile{".goreleaser.yml", "a GoReleaser configuration"},
    ToolFile{".readthedocs.yaml", "a Read the Docs configuration"},
    ToolFile{".yamllint.yaml", "a yamllint configuration"},
    ToolFile{".eslintrc.json", "an ESLint configuration"},
    ToolFile{".prettierrc.json", "a Prettier configuration"},
};

// The row for a kind; asked once for each kind, not for each object.
class Recognition {
 public:
  const kube::RecognisedKind* of(const kube::Object& object) {
    if (object.kind != nullptr) {
      // Neighbours are often of one kind.
      if (object.kind == last_kind_) {
        return last_row_;
      }
      const auto [at, added] = by_row_.try_emplace(object.kind, nullptr);
      if (added) {
        at->second = kube::recognise(object.ref);
      }
      last_kind_ = object.kind;
      last_row_ = at->second;
      return at->second;
    }
    const auto [at, added] = by_name_.try_emplace({object.ref.group, object.ref.kind}, nullptr);
    if (added) {
      at->second = kube::recognise(object.ref);
    }
    return at->second;
  }

 private:
  const kube::ApiKind* last_kind_ = nullptr;
  const kube::RecognisedKind* last_row_ = nullptr;
  std::unordered_map<const kube::ApiKind*, const kube::RecognisedKind*> by_row_;
  std::map<std::pair<std::string_view, std::string_view>, const kube::RecognisedKind*> by_name_;
};

Skipped skipped_object(const kube::Object& object, Skipped::Kind kind, std::string reason) {
  return {.kind = kind,
          .file = object.source->name(),
          .document = object.document,
          .at = object.source->position(object.root.offset()),
          .subject = object.ref.to_string(),
          .reason = std::move(reason)};
}

bool is_known(const kube::Object& object) {
  return object.kind != nullptr ||
         kube::find_kind_any_version(object.ref.group, object.ref.kind) != nullptr ||
         kube::find_removed_api(object.ref) != nullptr;
}

// Kinds whose row of the table speaks of more kinds than are judged.
bool is_read_by_network(std::string_view kind) {
  constexpr std::array<std::string_view, 14> kKinds{
      "Tier",           "Gateway",      "GatewayClass",    "HTTPRoute", "GRPCRoute",
      "TLSRoute",       "TCPRoute",     "UDPRoute",        "Route",     "ReferenceGrant",
      "VirtualService", "ServiceEntry", "DestinationRule", "Sidecar"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

// Of the engines that the table of recognised kinds names, those that exist.
bool is_judged(const kube::RecognisedKind& row, const scalar::ObjectRef& ref) {
  if (row.engine == "network_policy" || row.engine == "authorization") {
    return row.what.contains("network policy") || row.what.contains("network set") ||
           row.what.contains("security policy") || is_read_by_network(ref.kind);
  }
  return row.engine == "admission_policy" || row.engine == "kyverno" ||
         (row.engine == "gatekeeper" && row.what.contains("constraint"));
}

void list_what_is_not_judged(Inputs& inputs, Recognition& recognition) {
  for (const kube::Object& object : inputs.objects) {
    const kube::RecognisedKind* row = recognition.of(object);
    if (row != nullptr && is_judged(*row, object.ref)) {
      continue;
    }
    if (row != nullptr) {
      inputs.skipped.push_back(
          skipped_object(object, Skipped::Kind::NotJudgedYet,
                         fmt::format("{}: recognised, not judged yet", row->what)));
    } else if (!is_known(object)) {
      inputs.skipped.push_back(
          skipped_object(object, Skipped::Kind::UnknownKind,
                         fmt::format("{} {} is neither a kind of Kubernetes nor defined by a "
                                     "CustomResourceDefinition of the input",
                                     object.ref.api_version(), object.ref.kind)));
    }
  }
}

}  // namespace

std::string_view tool_of_file_name(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto row = std::ranges::find(kToolFiles, name, &ToolFile::name);
  return row == kToolFiles.end() ? std::string_view{} : row->what;
}

Skipped skipped_document(const kube::NotAnObject& rejected, const document::Source& source,
                         bool in_chart) {
  Skipped skipped{.kind = Skipped::Kind::NotAnObject,
                  .file = source.name(),
                  .document = rejected.document,
                  .at = source.position(rejected.offset),
                  .subject = {},
                  .reason = rejected.reason};
  std::string_view what =
      rejected.pointer.empty() ? tool_of_file_name(source.name()) : std::string_view{};
  const bool unclear = rejected.resemblance == kube::Resemblance::Nothing ||
                       rejected.resemblance == kube::Resemblance::Scalar ||
                       rejected.resemblance == kube::Resemblance::PlainList;
  if (what.empty() && in_chart && rejected.resemblance == kube::Resemblance::Nothing) {
    what = kube::resemblance_name(kube::Resemblance::HelmValues);
  } else if (what.empty() && !unclear) {
    what = kube::resemblance_name(rejected.resemblance);
  }
  if (rejected.resemblance == kube::Resemblance::Kustomization) {
    skipped.kind = Skipped::Kind::BuildFirst;
    skipped.reason = "a kustomization: build it first (`kustomize build ... | tally assess -`)";
  } else if (!what.empty()) {
    skipped.reason = fmt::format("{}, no Kubernetes object", what);
  }
  if (!rejected.pointer.empty()) {
    skipped.subject = rejected.pointer;
  }
  return skipped;
}

void sort_out_objects(Inputs& inputs,
                      const std::function<std::string_view(const document::Source*)>& test_of) {
  Recognition recognition;
  std::vector<std::int64_t> moved_to(inputs.objects.size());
  std::size_t kept = 0;
  const document::Source* source = nullptr;
  std::string_view test;
  for (std::size_t i = 0; i < inputs.objects.size(); ++i) {
    const kube::Object& object = inputs.objects[i];
    if (object.source != source) {
      source = object.source;
      test = test_of(source);
    }
    moved_to[i] = -1;
    const kube::RecognisedKind* row = recognition.of(object);
    if (object.ref.group == "admission.k8s.io" && object.ref.kind == "AdmissionReview") {
      inputs.review_objects.push_back(object);
    } else if (row != nullptr && row->scope == kube::RecognisedScope::File) {
      const bool kustomization = object.ref.group == "kustomize.config.k8s.io";
      const Skipped::Kind kind = kustomization ? Skipped::Kind::BuildFirst
                                 : object.ref.group == "tallystick.dev"
                                     ? Skipped::Kind::NotAnObject
                                     : Skipped::Kind::NotJudgedYet;
      inputs.skipped.push_back(
          skipped_object(object, kind,
                         kind == Skipped::Kind::NotJudgedYet
                             ? fmt::format("{}: recognised, not judged yet", row->what)
                             : std::string(row->what)));
      inputs.file_objects.push_back(object);
    } else if (!test.empty() && is_policy(object.ref)) {
      inputs.skipped.push_back(
          skipped_object(object, Skipped::Kind::TestData, fmt::format("a policy below {}", test)));
    } else {
      moved_to[i] = static_cast<std::int64_t>(kept);
      if (kept != i) {
        inputs.objects[kept] = object;
      }
      ++kept;
    }
  }
  inputs.objects.resize(kept);
  for (PastedText& pasted : inputs.pasted) {
    pasted.object = pasted.object < 0 ? -1 : moved_to[static_cast<std::size_t>(pasted.object)];
  }
  inputs.custom_kinds = std::make_unique<kube::CustomKinds>();
  inputs.custom_kinds->add(inputs.objects);
  inputs.custom_kinds->resolve(inputs.objects);
  list_what_is_not_judged(inputs, recognition);
}

}  // namespace tally::input
