// Kyverno's functions of image validating policies (kyverno/kyverno, pkg/cel/libs/imageverify).
// Signatures, attestations and registries are the Host's business, and so is what a policy says of
// its attestors: an expression hands them over as it got them.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/host.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

namespace {

constexpr std::string_view kCapability = "imageVerify";

Value ask(EvalContext& context, std::string_view function, std::span<const Value> args) {
  return context.host == nullptr ? not_provided(context.arena, kCapability, function)
                                 : context.host->ask(context.arena, kCapability, function, args);
}

// How many of the attestors have signed. Anything that is no count is an error: a policy compares
// the answer with 0, and must not take something else for a yes.
Value count(EvalContext& context, std::string_view function, std::span<const Value> args) {
  const Value answer = ask(context, function, args);
  if (answer.is_outcome() || (answer.is(ValueKind::Int) && answer.as_int() >= 0)) {
    return answer;
  }
  return invalid(context, {function, ": the answer is no count"});
}

Value verify_image(EvalContext& context, std::span<const Value> args) {
  return count(context, "verifyImageSignatures", args);
}

Value verify_attestation(EvalContext& context, std::span<const Value> args) {
  return count(context, "verifyAttestationSignatures", args);
}

Value get_image_data(EvalContext& context, std::span<const Value> args) {
  return ask(context, "getImageData", args);
}

Value extract_payload(EvalContext& context, std::span<const Value> args) {
  return ask(context, "extractPayload", args);
}

constexpr auto kVerifyImage = std::to_array<Overload>({
    {.id = "verify_image_signature_string_stringarray",
     .signature = "(string, list(dyn)) -> int",
     .apply = verify_image},
});
constexpr auto kVerifyAttestation = std::to_array<Overload>({
    {.id = "verify_image_attestations_string_string_stringarray",
     .signature = "(string, string, list(dyn)) -> int",
     .apply = verify_attestation},
});
constexpr auto kGetImageData = std::to_array<Overload>({
    {.id = "get_image_data_string", .signature = "(string) -> dyn", .apply = get_image_data},
});
constexpr auto kExtractPayload = std::to_array<Overload>({
    {.id = "payload_string_string",
     .signature = "(string, string) -> dyn",
     .apply = extract_payload},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "verifyImageSignatures",
     .library = Library::KyvernoImageVerify,
     .overloads = kVerifyImage,
     .summary = "How many of the attestors have signed an image.\n"
                "verifyImageSignatures(image, [attestors.cosign]) > 0"},
    {.name = "verifyAttestationSignatures",
     .library = Library::KyvernoImageVerify,
     .overloads = kVerifyAttestation,
     .summary = "How many of the attestors have signed an attestation of an image.\n"
                "verifyAttestationSignatures(image, attestations.sbom, [attestors.cosign]) > 0"},
    {.name = "getImageData",
     .library = Library::KyvernoImageVerify,
     .overloads = kGetImageData,
     .summary = "What the registry knows of an image.\n"
                "getImageData(image).config.architecture == 'amd64'"},
    {.name = "extractPayload",
     .library = Library::KyvernoImageVerify,
     .overloads = kExtractPayload,
     .summary = "What a verified attestation of an image says.\n"
                "extractPayload(image, attestations.sbom).bomFormat == 'CycloneDX'"},
});

}  // namespace

std::span<const Function> kyverno_image_verify_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
