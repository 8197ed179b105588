#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KyvernoImageTest, InKyverno) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(image("nginx").registry())cel", R"cel("index.docker.io")cel"},
      {R"cel(image("nginx").repository())cel", R"cel("library/nginx")cel"},
      {R"cel(image("nginx").identifier())cel", R"cel("latest")cel"},
      {R"cel(image("nginx").identifierWithSeparator())cel", R"cel(":latest")cel"},
      {R"cel(image("ghcr.io/org/app:v1@sha256:deadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33f").identifier())cel",
       R"cel("v1@sha256:deadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33f")cel"},
      {R"cel(image("ghcr.io/org/app:v1@sha256:deadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33f").tag())cel",
       R"cel("v1")cel"},
      {R"cel(image("localhost:5000/app@sha256:deadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33fdeadb33f").tag())cel",
       R"cel("")cel"},
      {R"cel(image("localhost:5000/app").tag())cel", R"cel("latest")cel"},
      {R"cel(image("localhost:5000/app:").tag())cel",
       "!could not parse reference: localhost:5000/app:"},
      {R"cel(image("localhost:5000/app").registry())cel", R"cel("localhost:5000")cel"},
      {R"cel(image("docker.io/nginx").repository())cel", R"cel("library/nginx")cel"},
      {R"cel(image("a/b/c:1").digest())cel", R"cel("")cel"},
      {R"cel(image("Nginx"))cel", "!could not parse reference: Nginx"},
      {R"cel(image("n"))cel", "!could not parse reference: n"},
      {R"cel(image(""))cel", "!could not parse reference: "},
      {R"cel(image("nginx@sha256:abc"))cel", "!could not parse reference: nginx@sha256:abc"},
      {R"cel(isImage("ghcr.io/a/b:tag!"))cel", "false"},
      {R"cel(isImage("ghcr.io:x/a/b"))cel", "false"},
      {R"cel(image("nginx").containsDigest())cel", "false"},
      {R"cel(image("nginx") == parseImageReference("nginx"))cel", "true"},
      {R"cel(image("nginx") == image("nginx:latest"))cel", "false"},
  });
  expect_values("kyverno", kCases);
}

}  // namespace
}  // namespace tally::cel
