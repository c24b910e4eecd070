#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

/// SHA-256, of bytes that are here and of bytes that come one after the other.
namespace brokenpipe {

/// The hash of bytes that are not in memory all at once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) = delete;
  Sha256& operator=(Sha256&&) = delete;

  void add(std::string_view bytes);
  /// Of all that was added, in 64 lower-case hex digits; begins anew.
  std::string take();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// SHA-256 in 64 lower-case hex digits.
std::string sha256(std::string_view bytes);

/// The same of a file's content. Throws Error where it cannot be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace brokenpipe
