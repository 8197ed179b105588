// docs/cel.md says what the records say. UPDATE_GOLDEN=1 writes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cel/functions/expression_cases.hpp"
#include "cel/kyverno_globals.hpp"
#include "cel/profile.hpp"

namespace tally::cel {
namespace {

struct Section {
  Library library;
  std::string_view title;
};

constexpr auto kSections = std::to_array<Section>({
    {Library::Standard, "Standard functions"},
    {Library::Optional, "Optional values"},
    {Library::Strings, "Strings"},
    {Library::Math, "Math"},
    {Library::Encoders, "Encoders"},
    {Library::Lists, "Lists"},
    {Library::Sets, "Sets"},
    {Library::Bindings, "Bindings"},
    {Library::TwoVarComprehensions, "Comprehensions with two variables"},
    {Library::Regex, "Regular expressions"},
    {Library::Network, "Network addresses"},
    {Library::Block, "Blocks"},
    {Library::Protos, "Protocol buffers"},
    {Library::KubernetesLists, "Kubernetes: lists"},
    {Library::KubernetesRegex, "Kubernetes: regular expressions"},
    {Library::KubernetesUrl, "Kubernetes: URLs"},
    {Library::KubernetesQuantity, "Kubernetes: quantities"},
    {Library::KubernetesIp, "Kubernetes: IP addresses"},
    {Library::KubernetesCidr, "Kubernetes: IP prefixes"},
    {Library::KubernetesFormat, "Kubernetes: named formats"},
    {Library::KubernetesSemver, "Kubernetes: semantic versions"},
    {Library::KubernetesAuthorizer, "Kubernetes: authorizer"},
    {Library::KubernetesJsonPatch, "Kubernetes: JSON patches"},
    {Library::KyvernoResource, "Kyverno: resources of the cluster"},
    {Library::KyvernoHttp, "Kyverno: HTTP"},
    {Library::KyvernoGlobalContext, "Kyverno: global context"},
    {Library::KyvernoImage, "Kyverno: image references"},
    {Library::KyvernoImageData, "Kyverno: image metadata"},
    {Library::KyvernoJson, "Kyverno: JSON"},
    {Library::KyvernoYaml, "Kyverno: YAML"},
    {Library::KyvernoX509, "Kyverno: certificates"},
    {Library::KyvernoHash, "Kyverno: digests"},
    {Library::KyvernoTime, "Kyverno: time"},
    {Library::KyvernoRandom, "Kyverno: random texts"},
    {Library::KyvernoGenerator, "Kyverno: generator"},
    {Library::KyvernoEnvoy, "Kyverno: answers to Envoy and HTTP requests"},
    {Library::KyvernoJwt, "Kyverno: tokens"},
    {Library::KyvernoMath, "Kyverno: math"},
    {Library::KyvernoParse, "Kyverno: parsing"},
    {Library::KyvernoUser, "Kyverno: users"},
    {Library::KyvernoGzip, "Kyverno: gzip"},
    {Library::KyvernoTransform, "Kyverno: transformations"},
    {Library::KyvernoImageVerify, "Kyverno: signatures of images"},
    {Library::KyvernoCluster, "Kyverno: resources, in policies of the cluster"},
    {Library::KyvernoNamespaced, "Kyverno: resources, in policies of a namespace"},
});

std::string summary_of(const Function& function) {
  return std::string(function.summary.substr(0, function.summary.find('\n')));
}

std::string example_of(const Function& function) {
  const std::size_t line = function.summary.find('\n');
  return line == std::string_view::npos ? "" : std::string(function.summary.substr(line + 1));
}

// Operators and what only macros call are no functions that a user writes.
bool is_written_by_users(const Function& function) {
  return !function.name.empty() && function.name[0] != '_' && function.name[0] != '!' &&
         function.name[0] != '-' && function.name.find('@') == std::string_view::npos;
}

void append_function(std::string& out, const Function& function) {
  out += "### " + std::string(function.name) + "\n\n" + summary_of(function) + "\n\n```\n";
  for (const Overload& overload : function.overloads) {
    out += std::string(function.name) + (overload.member ? " (member) " : " ") +
           std::string(overload.signature) + "\n";
  }
  out += "```\n\n";
  if (const std::string example = example_of(function); !example.empty()) {
    out += "Example: `" + example + "`\n\n";
  }
  out += "Available: " + where_provided(function.library, function.library_version) + ".\n\n";
}

std::string reference() {
  std::string out =
      "# CEL functions\n\n"
      "Which functions expressions may call, and in which profile. Generated from the records of "
      "the "
      "functions;\nchange those, not this page. The receiver of a member stands first in a "
      "signature.\n\n";
  for (const Section& section : kSections) {
    std::string functions;
    for (const std::span<const Function> family : all_functions()) {
      for (const Function& function : family) {
        if (function.library == section.library && is_written_by_users(function)) {
          append_function(functions, function);
        }
      }
    }
    if (!functions.empty()) {
      out += "## " + std::string(section.title) + "\n\n" + functions;
    }
  }
  while (out.ends_with("\n\n")) {
    out.pop_back();
  }
  return out;
}

TEST(ReferenceTest, DocumentationIsWhatTheRecordsSay) {
  const std::string path = TALLY_SOURCE_DIR "/docs/cel.md";
  const std::string wanted = reference();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
    std::ofstream(path, std::ios::binary) << wanted;
  }
  std::ostringstream found;
  found << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(found.str(), wanted) << "UPDATE_GOLDEN=1 writes docs/cel.md anew";
}

TEST(ReferenceTest, EveryFunctionIsDocumentedUnderATitle) {
  for (const std::span<const Function> family : all_functions()) {
    for (const Function& function : family) {
      SCOPED_TRACE(function.name);
      EXPECT_FALSE(function.overloads.empty());
      EXPECT_TRUE(summary_of(function).ends_with('.')) << function.summary;
      EXPECT_TRUE(std::ranges::any_of(
          kSections, [&](const Section& section) { return section.library == function.library; }));
    }
  }
}

// Two functions that answer differently must not share an id within one library and version.
TEST(ReferenceTest, OverloadIdsAreUniqueInALibrary) {
  std::set<std::string> seen;
  for (const std::span<const Function> family : all_functions()) {
    for (const Function& function : family) {
      for (const Overload& overload : function.overloads) {
        const std::string key = std::to_string(static_cast<int>(function.library)) + " " +
                                std::to_string(function.library_version) + " " +
                                std::string(function.name) + " " + std::string(overload.id);
        EXPECT_TRUE(seen.insert(key).second) << key;
        EXPECT_FALSE(overload.signature.empty()) << key;
      }
    }
  }
}

// Also what needs a certificate at hand.
bool asks_the_host(Library library) {
  constexpr std::array kLibraries{
      Library::KubernetesAuthorizer, Library::KyvernoResource,   Library::KyvernoHttp,
      Library::KyvernoGlobalContext, Library::KyvernoImageData,  Library::KyvernoTime,
      Library::KyvernoRandom,        Library::KyvernoGenerator,  Library::KyvernoImageVerify,
      Library::KyvernoCluster,       Library::KyvernoNamespaced, Library::KyvernoX509};
  return std::ranges::find(kLibraries, library) != kLibraries.end();
}

// The profile in which most of the libraries that a function belongs to are.
std::string_view profile_of(Library library) {
  return library < Library::KubernetesLists   ? "spec"
         : library < Library::KyvernoResource ? "kubernetes"
                                              : "kyverno";
}

TEST(ReferenceTest, ExamplesAreTrue) {
  for (const std::span<const Function> family : all_functions()) {
    for (const Function& function : family) {
      const std::string example = example_of(function);
      if (example.empty() || asks_the_host(function.library) ||
          function.library == Library::Standard || function.library == Library::Optional) {
        continue;
      }
      SCOPED_TRACE(example);
      TypePool pool;
      Environment::Options options;
      options.profile = *parse_profile(profile_of(function.library));
      std::vector<Value> values;
      for (const KyvernoGlobal& global : kyverno_globals()) {
        if (options.profile.dialect == Dialect::Kyverno) {
          options.variables.push_back(
              {.name = std::string(global.name), .type = pool.opaque(global.type_name)});
          values.push_back(global.value);
        }
      }
      const auto environment = Environment::create(pool, std::move(options));
      ASSERT_TRUE(environment) << environment.error().message;
      const auto program = compile(example, *environment);
      ASSERT_TRUE(program) << program.error().message;
      Evaluator evaluator;
      const Value value = evaluator.evaluate(*program, values);
      EXPECT_TRUE(value.is_true()) << to_literal(evaluator.arena(), value);
    }
  }
}

}  // namespace
}  // namespace tally::cel
