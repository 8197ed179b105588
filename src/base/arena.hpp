#pragma once
// A bump allocator: values live until the arena is reset or destroyed; nothing is freed one by one
// and no destructor runs. One arena belongs to one thread at a time. reset() keeps the chunks, so
// that a warmed-up arena allocates nothing.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tally {

class Arena {
 public:
  // Chunks double from first_chunk_bytes up to 4 MiB; bigger requests get a chunk of their own
  // size.
  explicit Arena(std::size_t first_chunk_bytes = 4096) : next_chunk_bytes_(first_chunk_bytes) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() = default;

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment) {
    const auto aligned =
        (reinterpret_cast<std::uintptr_t>(cursor_) + alignment - 1) & ~(alignment - 1);
    if (cursor_ != nullptr && aligned + bytes <= reinterpret_cast<std::uintptr_t>(end_)) {
      cursor_ = reinterpret_cast<std::byte*>(aligned + bytes);
      return reinterpret_cast<void*>(aligned);
    }
    return allocate_slow(bytes, alignment);
  }

  // Uninitialised room for `count` trivially destructible values.
  template <class T>
  [[nodiscard]] T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  template <class T, class... Args>
  [[nodiscard]] T* create(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  [[nodiscard]] std::string_view copy(std::string_view text) {
    if (text.empty()) {
      return {};
    }
    char* to = allocate_array<char>(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Texts that were put together before may be given out again: a report says the same of thousands
  // of objects.
  [[nodiscard]] std::string_view concat(std::initializer_list<std::string_view> parts);

  template <class T>
  [[nodiscard]] std::span<T> copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    T* to = allocate_array<T>(values.size());
    if (!values.empty()) {
      std::memcpy(static_cast<void*>(to), values.data(), values.size_bytes());
    }
    return {to, values.size()};
  }

  // Forgets every value, keeps the memory.
  void reset() noexcept;

  // Bytes of all chunks, used or not.
  [[nodiscard]] std::size_t bytes_reserved() const noexcept;

 private:
  struct Free {
    void operator()(std::byte* bytes) const noexcept {
      std::free(bytes);
    }  // NOLINT: from aligned_alloc
  };
  struct Chunk {
    std::unique_ptr<std::byte, Free> bytes;
    std::size_t size = 0;
  };
  [[nodiscard]] void* allocate_slow(std::size_t bytes, std::size_t alignment);

  static constexpr std::size_t kRecentTexts = 1024;  // a power of two

  std::byte* cursor_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t next_chunk_bytes_;
  std::size_t active_ = 0;  // index of the chunk after the current one
  std::vector<Chunk> chunks_;
  std::vector<std::string_view> recent_;  // by hash; made by the first concat()
};

}  // namespace tally
