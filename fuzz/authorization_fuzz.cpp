// Policies and a request from bytes. The first bytes choose what is tried:
//   * a small random mesh: decide() and the plain reading must agree, an unknown fact must not turn
//     an answer, and find_reach() must agree with decide();
//   * the rest as YAML: whatever it is, loading and deciding must not crash.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "authorization/reach.hpp"
#include "authorization/testing/plain_reading.hpp"
#include "authorization/testing/random_world.hpp"
#include "authorization/token.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace {

using namespace tally;
using namespace tally::authorization;

// Whatever was read of a text.
struct Input {
  explicit Input(std::string_view text) : source(document::Source::from_text("input", text)) {
    document::ReadOptions options;
    options.limits.nodes = 100'000;
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, options, documents, errors);
    }
    std::vector<kube::Object> objects;
    std::vector<kube::NotAnObject> rejected;
    for (const document::Document& document : documents) {
      kube::append_objects(document, *source, objects, rejected);
    }
    snapshot = kube::Snapshot::create(std::move(objects), "bank");
  }
  Arena arena;
  std::shared_ptr<const document::Source> source;
  std::shared_ptr<const kube::Snapshot> snapshot;
};

// Bytes as choices; zeros when they are used up.
class Bytes {
 public:
  explicit Bytes(std::string_view text) : text_(text) {}
  unsigned operator()(unsigned n) {
    if (at_ >= text_.size()) {
      return 0;
    }
    return static_cast<unsigned char>(text_[at_++]) % n;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check_reach(const PolicySet& set, const Request& request, Verdict verdict) {
  const Reach reach = find_reach(set, {.point = request.point,
                                       .source = request.source,
                                       .source_blocks = {},
                                       .destination = request.destination,
                                       .protocol = request.is_http ? Protocol::Http : Protocol::Tcp,
                                       .sni = request.sni});
  require(reach.kind != Reach::Kind::Always || verdict == Verdict::Allow);
  require(reach.kind != Reach::Kind::Never || verdict == Verdict::Deny);
}

void run_small_mesh(std::string_view text) {
  const auto bytes = std::make_shared<Bytes>(text);
  const testing::Choose choose = [bytes](unsigned n) { return (*bytes)(n); };
  MeshSettings settings;
  settings.trust_domain_aliases = {"old.td"};
  const Input input(testing::random_policies(choose));
  const Loaded loaded = PolicySet::load(*input.snapshot, settings);
  for (const Problem& problem : loaded.problems) {
    if (problem.kind == Problem::Kind::Refused) {
      return;
    }
  }
  std::vector<Header> headers;
  Decision decision;
  for (unsigned i = 0; i < 4; ++i) {
    Request request = testing::random_request(choose, headers);
    request.point = choose(3) == 0 ? Point::Ztunnel : Point::Sidecar;
    decide(loaded.set, request, decision);
    const Verdict verdict = decision.verdict;
    require(verdict == testing::plain_decide(input.snapshot->objects(), settings, request));
    check_reach(loaded.set, request, verdict);
    request.method.reset();
    request.source.ip.reset();
    if (choose(2) == 0) {
      request.source.principal.reset();
    }
    decide(loaded.set, request, decision);
    require(decision.verdict == Verdict::Unknown || decision.verdict == verdict);
  }
}

void run_any_text(std::string_view text) {
  const std::size_t cut = text.find('\0');
  const std::string_view yaml = text.substr(0, cut);
  const std::string_view rest =
      cut == std::string_view::npos ? std::string_view{} : text.substr(cut);
  const Input input(yaml);
  const Loaded loaded = PolicySet::load(*input.snapshot);
  for (const Problem& problem : loaded.problems) {
    require(problem.object != nullptr && !problem.message.empty());
    static_cast<void>(problem.position());
  }
  const std::vector<Header> headers = {{"authorization", rest}, {"x-user", rest}, {"cookie", rest}};
  const std::vector<ServiceTarget> services = {{"bank", "ledger"}, {"bank", rest}};
  Request request;
  request.source.principal = rest;
  request.source.ip = scalar::IpAddress{};
  request.destination.name_space = "bank";
  request.destination.labels = input.snapshot->objects().empty()
                                   ? document::Node{}
                                   : input.snapshot->objects().front().labels();
  request.destination.port = 80;
  request.destination.services = services;
  request.method = rest;
  request.path = rest;
  request.host = rest;
  request.headers = headers;
  Arena arena;
  Decision decision;
  for (const Point point : {Point::Sidecar, Point::Ztunnel, Point::Waypoint, Point::Gateway}) {
    for (const bool is_http : {false, true}) {
      request.point = point;
      request.is_http = is_http;
      request.token = Token::Absent;
      const TokenCheck check =
          check_token(loaded.set, request,
                      {.now_s = 0, .key_set = [&](std::string_view) { return rest; }}, arena);
      request.token = check.token;
      request.claims = check.claims;
      decide(loaded.set, request, decision);
      require(!describe(decision).empty());
      require(decision.verdict != Verdict::Unknown || decision.cause == Cause::CustomRule ||
              !missing_facts(decision).empty());
      static_cast<void>(find_reach(loaded.set, {.point = point,
                                                .source = request.source,
                                                .source_blocks = {},
                                                .destination = request.destination}));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_loaded = [] {
    kube::load_api_kinds();
    return true;
  }();
  static_cast<void>(is_loaded);
  if (size == 0 || size > 20'000) {
    return 0;
  }
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (data[0] % 2 == 0) {
    run_small_mesh(text.substr(1));
  } else {
    run_any_text(text.substr(1));
  }
  return 0;
}
