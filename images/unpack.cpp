#include "images/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <sstream>

#include "images/hashed_file.h"
#include "results/base/error.h"
#include "results/base/folder.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

struct FreeArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

constexpr std::size_t block_size = 1 << 16;

Error failure(const std::string& what, archive* handle, const std::string& remedy = {}) {
  const char* why = archive_error_string(handle);
  return {fmt::format("unpacking {}", what), why != nullptr ? why : "libarchive gives no reason",
          remedy};
}

void check(const std::string& what, archive* handle, int status) {
  if (status < ARCHIVE_WARN) {
    throw failure(what, handle);
  }
}

/// Filters that libarchive has within itself: the others would run programs of the PATH.
Reader make_reader() {
  Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_lzma(reader.get());
  archive_read_support_filter_lz4(reader.get());
  archive_read_support_filter_zstd(reader.get());
  return reader;
}

/// Hands what is left of the current entry to `consume`, block by block.
void read_entry(archive* reader, const std::string& what,
                const std::function<void(std::string_view)>& consume) {
  std::array<char, block_size> buffer{};
  la_ssize_t count = 0;
  while ((count = archive_read_data(reader, buffer.data(), buffer.size())) > 0) {
    consume({buffer.data(), static_cast<std::size_t>(count)});
  }
  if (count < 0) {
    throw failure(what, reader);
  }
}

/// An entry of an archive as the source of bytes for another.
struct Nested {
  archive* outer = nullptr;
  std::array<char, block_size> buffer{};
};

la_ssize_t read_nested(archive* inner, void* data, const void** buffer) {
  auto* nested = static_cast<Nested*>(data);
  *buffer = nested->buffer.data();
  const la_ssize_t count =
      archive_read_data(nested->outer, nested->buffer.data(), nested->buffer.size());
  if (count < 0) {
    archive_set_error(inner, archive_errno(nested->outer), "%s",
                      archive_error_string(nested->outer));
  }
  return count;
}

/// Visits the entries of the member `data.tar.*` of a package.
void visit_data(const fs::path& deb, const std::function<void(archive*, archive_entry*)>& visit) {
  const std::string what = deb.string();
  const std::string remedy = "Is it a whole Debian package?";
  const Reader outer(archive_read_new());
  archive_read_support_format_ar(outer.get());
  if (archive_read_open_filename(outer.get(), deb.c_str(), block_size) != ARCHIVE_OK) {
    throw failure(what, outer.get(), remedy);
  }
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(outer.get(), &entry)) == ARCHIVE_OK &&
         !std::string_view(archive_entry_pathname(entry)).starts_with("data.tar")) {
  }
  if (status == ARCHIVE_EOF) {
    throw Error(fmt::format("unpacking {}", what), "it has no data", remedy);
  }
  if (status != ARCHIVE_OK) {
    throw failure(what, outer.get(), remedy);
  }
  Nested nested{outer.get()};
  const Reader inner = make_reader();
  archive_read_support_format_tar(inner.get());
  check(what, inner.get(), archive_read_open(inner.get(), &nested, nullptr, read_nested, nullptr));
  while ((status = archive_read_next_header(inner.get(), &entry)) == ARCHIVE_OK) {
    visit(inner.get(), entry);
  }
  if (status != ARCHIVE_EOF) {
    throw failure(what, inner.get(), remedy);
  }
}

std::string path_in_package(archive_entry* entry) {
  const fs::path path = fs::path(archive_entry_pathname(entry)).lexically_normal();
  return path.relative_path().generic_string();
}

std::string write_entry(archive* reader, const fs::path& file, const std::string& what) {
  make_directories(file.parent_path());
  HashedFile written(file);
  read_entry(reader, what, [&](std::string_view block) { written.append(block); });
  return written.close();
}

}  // namespace

std::string decompress(std::string_view compressed, const std::string& what) {
  const Reader reader = make_reader();
  archive_read_support_format_raw(reader.get());
  check(what, reader.get(),
        archive_read_open_memory(reader.get(), compressed.data(), compressed.size()));
  archive_entry* entry = nullptr;
  check(what, reader.get(), archive_read_next_header(reader.get(), &entry));
  if (archive_filter_code(reader.get(), 0) == ARCHIVE_FILTER_NONE) {
    throw Error(fmt::format("unpacking {}", what),
                "it is not compressed by gzip, bzip2, xz, lzma, lz4 or zstd");
  }
  std::string content;
  read_entry(reader.get(), what, [&](std::string_view block) { content += block; });
  return content;
}

std::map<fs::path, std::string> unpack_deb(
    const fs::path& deb, const std::function<fs::path(const std::string&)>& place) {
  std::map<fs::path, std::string> hashes;
  visit_data(deb, [&](archive* reader, archive_entry* entry) {
    if (archive_entry_filetype(entry) != AE_IFREG) {
      return;
    }
    if (const fs::path file = place(path_in_package(entry)); !file.empty()) {
      hashes[file] = write_entry(reader, file, deb.string());
    }
  });
  return hashes;
}

}  // namespace brokenpipe
