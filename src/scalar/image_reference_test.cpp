#include "scalar/image_reference.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tally::scalar {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(ImageReferenceTest, Reads) {
  struct Case {
    std::string text;
    ImageReference image;
  };
  const std::array cases{
      Case{"nginx", {"index.docker.io", "library/nginx", "latest", ""}},
      Case{"docker.io/nginx:1", {"index.docker.io", "library/nginx", "1", ""}},
      Case{"org/app", {"index.docker.io", "org/app", "latest", ""}},
      Case{"ghcr.io/org/app:V1_x.y-z", {"ghcr.io", "org/app", "V1_x.y-z", ""}},
      Case{"localhost:5000/app", {"localhost:5000", "app", "latest", ""}},
      Case{"localhost/app", {"index.docker.io", "localhost/app", "latest", ""}},
      Case{"nginx@" + kDigest, {"index.docker.io", "library/nginx", "", kDigest}},
      Case{"r.io/a/b:1@" + kDigest, {"r.io", "a/b", "1", kDigest}},
  };
  for (const Case& row : cases) {
    const auto image = ImageReference::parse(row.text);
    ASSERT_TRUE(image) << row.text;
    EXPECT_EQ(*image, row.image) << row.text;
  }
}

TEST(ImageReferenceTest, Refuses) {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("Nginx"), std::string("nginx:"),
        std::string("nginx:a b"), std::string("nginx@sha256:abc"), "nginx@sha512:" + kDigest,
        "nginx@" + kDigest + "@" + kDigest, "nginx@SHA256:" + std::string(64, 'a'),
        "nginx@sha256:" + std::string(64, 'g'), "nginx:" + std::string(129, 't'),
        std::string("re gistry.io/app"), std::string(256, 'a')}) {
    const auto image = ImageReference::parse(text);
    ASSERT_FALSE(image) << text;
    EXPECT_EQ(image.error().message, "could not parse reference: " + text);
  }
}

}  // namespace
}  // namespace tally::scalar
