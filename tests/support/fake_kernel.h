#pragma once

#include <string>
#include <string_view>

/// Kernel images and modules that no machine can run, but whose headers are as real ones have
/// them.
namespace brokenpipe::test {

/// An ELF file with Linux's banner and, if asked for, Xen's note of a PVH entry.
std::string fake_vmlinux(std::string_view release, bool pvh);

/// `content` as one stream of gzip, xz, lzma, zstd or lz4 (the legacy format, as kernels have it).
std::string compressed(std::string_view content, const std::string& compression);

/// A bzImage whose setup header announces `payload`.
std::string bzimage_with(std::string_view release, std::string_view payload);

/// The same with fake_vmlinux() as its payload, packed as the kernel's build packs it.
std::string fake_bzimage(std::string_view release, const std::string& compression = "xz",
                         bool pvh = true);

/// A module whose .modinfo says `modinfo`: strings such as `depends=a,b`, each with its final NUL.
std::string fake_module(std::string_view modinfo);

}  // namespace brokenpipe::test
