// Kyverno's library `gzip` (github.com/kyverno/sdk, extensions/cel/libs/gzip), through zlib. What
// it decompresses is bounded: a text of one kilobyte can stand for one gigabyte.
//
// Compressed bytes have the frame that Go writes (no time, system 255, an empty last block), so
// that short texts give the bytes that Kyverno gives; longer ones may be packed otherwise.
#include <zlib.h>

#include <array>
#include <vector>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

namespace {

constexpr std::size_t kBytesMax = std::size_t{16} << 20U;
constexpr std::size_t kStepBytes = std::size_t{64} << 10U;
constexpr int kWindowBits = 15;

Value too_long(EvalContext& context) {
  return invalid(context,
                 {"gzip: more than ", decimal(context.arena, std::uint64_t{kBytesMax}), " bytes"});
}

// A zlib stream that is closed whatever happens.
struct Stream {
  z_stream state{};
  int (*close)(z_stream*) = nullptr;
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    if (close != nullptr) {
      close(&state);
    }
  }
  void set_input(std::string_view bytes) noexcept {
    // zlib does not write to it, its type is from before const.
    state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    state.avail_in = static_cast<uInt>(bytes.size());
  }
};

void add_little_endian(TextBuilder& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.add(static_cast<char>((value >> shift) & 0xFFU));
  }
}

// Go ends the data, then writes an empty stored block that is the last one. zlib's sync flush
// writes the same block without saying that it is the last: its first bit is set here.
bool deflate_as_go(std::string_view text, TextBuilder& out) {
  Stream stream;
  if (deflateInit2(&stream.state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -kWindowBits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return false;
  }
  stream.close = deflateEnd;
  std::vector<char> room(deflateBound(&stream.state, static_cast<uLong>(text.size())) + 64);
  stream.set_input(text);
  stream.state.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.state.avail_out = static_cast<uInt>(room.size());
  unsigned pending = 0;
  int bits = 0;
  if (deflate(&stream.state, Z_BLOCK) != Z_OK || stream.state.avail_in != 0 ||
      deflatePending(&stream.state, &pending, &bits) != Z_OK || pending != 0) {
    return false;
  }
  const std::size_t last = room.size() - stream.state.avail_out;
  if (deflate(&stream.state, Z_SYNC_FLUSH) != Z_OK || stream.state.avail_out == 0) {
    return false;
  }
  room[last] = static_cast<char>(static_cast<unsigned char>(room[last]) | (1U << bits));
  out.add(std::string_view{room.data(), room.size() - stream.state.avail_out});
  return true;
}

Value compress(EvalContext& context, std::span<const Value> args) {
  if (!args[0].is(ValueKind::String)) {
    return invalid(context, {"type conversion error from '", type_name(args[0]), "' to 'string'"});
  }
  const std::string_view text = args[0].text();
  if (text.size() > kBytesMax) {
    return too_long(context);
  }
  TextBuilder out(context.arena, text.size() / 2 + 64);
  out.add(std::string_view{"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10});
  if (!deflate_as_go(text, out)) {
    return invalid(context, {"gzip: cannot compress"});
  }
  add_little_endian(out,
                    static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(text.data()),
                                                     static_cast<uInt>(text.size()))));
  add_little_endian(out, static_cast<std::uint32_t>(text.size()));
  return Value::bytes(out.text());
}

Value decompress(EvalContext& context, std::span<const Value> args) {
  const std::string_view octets = args[0].text();
  if (octets.size() > kBytesMax) {
    return too_long(context);
  }
  if (octets.empty()) {
    return invalid(context, {"EOF"});
  }
  Stream stream;
  if (inflateInit2(&stream.state, 16 + kWindowBits) != Z_OK) {
    return invalid(context, {"gzip: cannot decompress"});
  }
  stream.close = inflateEnd;
  stream.set_input(octets);
  TextBuilder out(context.arena, octets.size() * 2);
  std::array<char, kStepBytes> room;
  for (;;) {
    stream.state.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.state.avail_out = static_cast<uInt>(room.size());
    const int answer = inflate(&stream.state, Z_NO_FLUSH);
    out.add(std::string_view{room.data(), room.size() - stream.state.avail_out});
    if (out.size() > kBytesMax) {
      return too_long(context);
    }
    if (answer == Z_STREAM_END) {
      if (stream.state.avail_in == 0) {
        break;
      }
      // Another member follows: RFC 1952 section 2.2.
      if (inflateReset(&stream.state) != Z_OK) {
        return invalid(context, {"gzip: cannot decompress"});
      }
    } else if (answer != Z_OK) {
      const bool is_short = answer == Z_BUF_ERROR;
      return invalid(context, {is_short ? "unexpected EOF" : "gzip: invalid data"});
    }
  }
  return Value::string(valid_utf8(context.arena, out.text()));
}

constexpr auto kCompress = std::to_array<Overload>({{.id = "compress_any_bytes",
                                                     .signature = "(dyn) -> bytes",
                                                     .apply = compress,
                                                     .cost = CostRule::TraverseFirst}});
constexpr auto kDecompress = std::to_array<Overload>({{.id = "decompress_bytes_string",
                                                       .signature = "(bytes) -> string",
                                                       .apply = decompress,
                                                       .cost = CostRule::TraverseFirst}});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "gzip.compress",
     .library = Library::KyvernoGzip,
     .overloads = kCompress,
     .summary = "A string as a gzip file.\ngzip.decompress(gzip.compress('a')) == 'a'"},
    {.name = "gzip.decompress",
     .library = Library::KyvernoGzip,
     .overloads = kDecompress,
     .summary = "The text of a gzip file, at most 16 MiB.\n"
                "gzip.decompress(gzip.compress('kind: Pod')).contains('kind')"},
});

}  // namespace

std::span<const Function> kyverno_gzip_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
