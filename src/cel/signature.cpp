//   Signature = "(" [Type {"," Type}] ")" "->" Type
//   Type      = Name ["(" Type {"," Type} ")"]
//
// A name of one capital letter is a type parameter; a name that is no type of CEL is an opaque
// type.
#include "cel/internal/environment_table.hpp"

namespace tally::cel {

namespace {

constexpr std::size_t kDepthMax = 16;

constexpr std::pair<std::string_view, const Type*> kPlain[] = {
    {"dyn", &kDyn},
    {"null", &kNull},
    {"null_type", &kNull},
    {"bool", &kBool},
    {"int", &kInt},
    {"uint", &kUint},
    {"double", &kDouble},
    {"string", &kString},
    {"bytes", &kBytes},
    {"timestamp", &kTimestamp},
    {"google.protobuf.Timestamp", &kTimestamp},
    {"duration", &kDuration},
    {"google.protobuf.Duration", &kDuration},
    {"any", &kAny},
    {"google.protobuf.Any", &kAny},
};

class Reader {
 public:
  Reader(TypePool& pool, std::string_view text) : pool_(pool), text_(text) {}

  Result<Signature> signature() {
    Signature out;
    if (!accept("(")) {
      return wrong("(");
    }
    if (!accept(")")) {
      do {
        TALLY_TRY(const Type* arg, type(0));
        out.args.push_back(arg);
      } while (accept(","));
      if (!accept(")")) {
        return wrong(")");
      }
    }
    if (!accept("->")) {
      return wrong("->");
    }
    TALLY_TRY(out.result, type(0));
    if (skip(); at_ != text_.size()) {
      return wrong("the end");
    }
    return out;
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view expected) const {
    return content_error("signature '" + std::string(text_) + "', character " +
                         std::to_string(at_ + 1) + ": expected " + std::string(expected));
  }

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
    }
  }

  bool accept(std::string_view what) {
    skip();
    if (!text_.substr(at_).starts_with(what)) {
      return false;
    }
    at_ += what.size();
    return true;
  }

  Result<const Type*> type(std::size_t depth) {
    if (depth > kDepthMax) {
      return wrong("fewer parentheses");
    }
    skip();
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of("(), ", at_), text_.size());
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) {
      return wrong("a type");
    }
    std::vector<const Type*> args;
    if (accept("(")) {
      do {
        TALLY_TRY(const Type* arg, type(depth + 1));
        args.push_back(arg);
      } while (accept(","));
      if (!accept(")")) {
        return wrong(")");
      }
    }
    return make(name, args);
  }

  Result<const Type*> make(std::string_view name, const std::vector<const Type*>& args) {
    if (args.empty()) {
      for (const auto& [plain, type] : kPlain) {
        if (plain == name) {
          return type;
        }
      }
      if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
        return pool_.param(name);
      }
      return name == "type" ? &kTypeType : pool_.opaque(name);
    }
    if (args.size() == 1) {
      if (name == "list") {
        return pool_.list(args[0]);
      }
      if (name == "type") {
        return pool_.type_of(args[0]);
      }
      if (name == "optional_type") {
        return pool_.optional(args[0]);
      }
      return name == "wrapper" ? pool_.wrapper(args[0]) : pool_.opaque(name, {args[0]});
    }
    if (args.size() > 2) {
      return wrong("one or two type arguments");
    }
    return name == "map" ? pool_.map(args[0], args[1]) : pool_.opaque(name, {args[0], args[1]});
  }

  TypePool& pool_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Signature> parse_signature(TypePool& pool, std::string_view text) {
  return Reader(pool, text).signature();
}

}  // namespace tally::cel
