#pragma once

#include <filesystem>
#include <optional>
#include <string>

/// What of a kernel's image QEMU can start, and which kernel it is.
namespace brokenpipe {

/// What can be handed to QEMU's -kernel.
struct BootImage {
  std::filesystem::path bzimage;                 ///< as shipped; empty for a bare vmlinux
  std::optional<std::filesystem::path> vmlinux;  ///< decompressed, and with a PVH entry note
};

/// Unpacks the payload of a bzImage (setup header payload_offset and payload_length,
/// Documentation/arch/x86/boot.rst) once into `cache`, named by the image's hash. There is no
/// vmlinux where the kernel has no PVH entry, or is packed by LZO, which no library here reads.
/// Throws Error where `image` is no kernel, and where it is a vmlinux without a PVH entry, which
/// QEMU cannot start.
BootImage boot_image(const std::filesystem::path& image, const std::filesystem::path& cache);

/// What uname -r will say in the guest: from the setup header of a bzImage, from the banner in a
/// vmlinux. Throws Error where `image` is neither.
std::string kernel_release(const std::filesystem::path& image);

}  // namespace brokenpipe
