#pragma once

#include <filesystem>
#include <optional>

namespace brokenpipe {

/// What can be handed to QEMU's -kernel.
struct BootImage {
  std::filesystem::path bzimage;                 ///< as shipped; empty for a bare vmlinux
  std::optional<std::filesystem::path> vmlinux;  ///< decompressed, and with a PVH entry note
};

/// Unpacks the payload of a bzImage (setup header payload_offset and payload_length,
/// Documentation/x86/boot.rst) once into `cache`, named by the image's hash. Throws Error where
/// `image` is no kernel.
BootImage boot_image(const std::filesystem::path& image, const std::filesystem::path& cache);

}  // namespace brokenpipe
