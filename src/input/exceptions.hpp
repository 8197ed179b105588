#pragma once
// Exceptions from everywhere but tally.yaml: the files of `--exceptions PATH`, and what the judged
// input says about itself.
//
//   kind: Exception (tallystick.dev/v1alpha1)     its metadata.name is the id, its spec the
//   exception exceptions: [...]                             a list as in tally.yaml, in a file of
//   its own kind: PolicyException (Kyverno)               listed when the input carries one
//   tallystick.dev/waive: RULE REASON             annotation of an object; more than one on lines
//   of their own
//
// Those of --exceptions are honoured. Those that the input carries are listed only: a repository
// must not acquit itself. PolicyExceptions of --exceptions are Kyverno's engine's, which evaluates
// their conditions, images and Pod Security controls: they are passed over here.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "document/read.hpp"
#include "finding/exception.hpp"
#include "kube/object.hpp"

namespace tally::input {

class StrictReader;

inline constexpr std::string_view kWaiveAnnotation = "tallystick.dev/waive";

struct FoundExceptions {
  std::vector<finding::Exception> exceptions;
  std::vector<Error> problems;  // exceptions that cannot be taken as they are written
};

// What the objects carry. `default_namespace`: of objects that name none.
[[nodiscard]] FoundExceptions exceptions_in(std::span<const kube::Object> objects,
                                            std::string_view default_namespace,
                                            unsigned threads = 1);

// The exceptions of a file or of the YAML and JSON files of a folder. Everything in it must be
// readable.
[[nodiscard]] Result<std::vector<finding::Exception>> read_exceptions(
    const std::string& path, std::string_view default_namespace = "default");

// One entry of `exceptions:`, or the spec of an Exception (whose id is its name and is set by the
// caller).
enum class ExceptionId : std::uint8_t { InEntry, FromMetadata };
[[nodiscard]] Result<finding::Exception> read_exception(const document::Node& node,
                                                        const StrictReader& reader, ExceptionId id);

}  // namespace tally::input
