#include "admission/admission_review.hpp"

#include <fmt/format.h>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "scalar/base64.hpp"

namespace tally::admission {

Result<ReadReview> read_review(std::string_view body, Arena& arena) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || body[first] != '{') {
    return content_error("the body is no JSON object, expected an AdmissionReview");
  }
  ReadReview read;
  read.source = document::Source::from_text("admission request", body);
  document::ReadOptions options;
  options.limits.depth = kReviewDepthMax;
  options.limits.nodes = kReviewNodesMax;
  const document::Slice all{.begin = 0,
                            .end = static_cast<std::uint32_t>(body.size()),
                            .format = document::Format::Json,
                            .ordinal = 1};
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  document::read_slice(*read.source, all, arena, options, documents, errors);
  if (!errors.empty()) {
    return std::unexpected(std::move(errors.front().error));
  }
  if (documents.size() != 1) {
    return content_error(
        fmt::format("found {} JSON values, expected one AdmissionReview", documents.size()));
  }
  TALLY_TRY(read.review, kube::Review::parse(documents.front().root));
  read.review.source = read.source.get();
  const bool has_object = read.review.operation == kube::Operation::Delete
                              ? read.review.old_object.is_object()
                              : read.review.object.is_object();
  if (!has_object) {
    return content_error(
        fmt::format("/request/{}: found nothing, expected the object of a {}",
                    read.review.operation == kube::Operation::Delete ? "oldObject" : "object",
                    kube::operation_name(read.review.operation)));
  }
  return read;
}

std::string to_json(const ReviewResponse& response) {
  std::string out =
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";
  document::append_json_string(out, response.uid);
  out += response.is_allowed ? R"(,"allowed":true)" : R"(,"allowed":false)";
  if (!response.is_allowed) {
    out += fmt::format(R"(,"status":{{"code":{},"reason":)", response.code);
    document::append_json_string(out, response.reason);
    out += R"(,"message":)";
    document::append_json_string(out, response.message);
    out += '}';
  }
  if (!response.patch.empty() && response.is_allowed) {
    out += R"(,"patchType":"JSONPatch","patch":")";
    out += scalar::encode_base64(response.patch);
    out += '"';
  }
  if (response.warnings != nullptr && !response.warnings->empty()) {
    out += R"(,"warnings":[)";
    for (const std::string& warning : *response.warnings) {
      out += out.back() == '[' ? "" : ",";
      document::append_json_string(out, warning);
    }
    out += ']';
  }
  if (response.audit_annotations != nullptr && !response.audit_annotations->empty()) {
    out += R"(,"auditAnnotations":{)";
    for (const auto& [key, value] : *response.audit_annotations) {
      out += out.back() == '{' ? "" : ",";
      document::append_json_string(out, key);
      out += ':';
      document::append_json_string(out, value);
    }
    out += '}';
  }
  out += "}}";
  return out;
}

}  // namespace tally::admission
