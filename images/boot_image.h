#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// What of a kernel's image QEMU can start, and which kernel it is.
namespace brokenpipe {

/// What can be handed to QEMU's -kernel.
struct BootImage {
  std::filesystem::path bzimage;                 ///< as shipped; empty for a bare vmlinux
  std::optional<std::filesystem::path> vmlinux;  ///< decompressed, and with a PVH entry note
};

/// Unpacks the payload of a bzImage (setup header payload_offset and payload_length,
/// Documentation/arch/x86/boot.rst) once into `cache`, named by the image's hash, and with its own
/// beside it. There is no vmlinux where the kernel has no PVH entry, or is packed by LZO, which no
/// library here reads. Throws Error where `image` is no kernel, and where it is a vmlinux without a
/// PVH entry, which QEMU cannot start.
BootImage boot_image(const std::filesystem::path& image, const std::filesystem::path& cache);

/// Which of an image's two forms QEMU is given.
enum class BootForm { as_shipped, decompressed };

/// Puts what is to be booted at `to`, hashed as it is read: of `image` all bytes, which must have
/// this SHA-256, and of what `cache` has unpacked of it the bytes that are copied; if these are not
/// what was unpacked, it is unpacked again. A vmlinux is its own decompressed form. Throws Error
/// where the image is another one, and as boot_image() does.
void copy_for_boot(const std::filesystem::path& image, const std::string& sha256, BootForm form,
                   const std::filesystem::path& cache, const std::filesystem::path& to);

/// What uname -r will say in the guest: from the setup header of a bzImage, from the banner in a
/// vmlinux. Throws Error where `image` is neither.
std::string kernel_release(const std::filesystem::path& image);
/// The same of an image that was read already.
std::string release_in(std::string_view content, const std::filesystem::path& image);

}  // namespace brokenpipe
