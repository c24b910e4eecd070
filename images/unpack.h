#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

/// Unpacking, by libarchive.
namespace brokenpipe {

/// The content of one compressed stream: gzip, bzip2, xz, lzma, lz4 (also the legacy format of
/// kernels) or zstd. Throws Error, with `what` in it, where it is none of these or is damaged.
std::string decompress(std::string_view compressed, const std::string& what);

/// Writes the regular files of a Debian package for which `place` names a path to that path, and
/// makes the folders above. `place` gets paths as in the package, without a leading `./`; an
/// empty answer passes over the file. The answer is the SHA-256 of each file that was written, by
/// where it was. Throws Error where `deb` is no package or is damaged, and where a file cannot be
/// written.
std::map<std::filesystem::path, std::string> unpack_deb(
    const std::filesystem::path& deb,
    const std::function<std::filesystem::path(const std::string&)>& place);

}  // namespace brokenpipe
