#pragma once

#include <linux/io_uring.h>

#include <string>

#include "probes/frame/trace.h"
#include "probes/tools/io_uring.h"

/// The ways into the kernel by which a process writes to a file of any kind, each a step of the
/// trace. The descriptor is what is under test: a socket or a pipe.
namespace probe {

constexpr int rwf_nosignal = 0x100;  // Linux 6.18 include/uapi/linux/fs.h

void call_writev(Trace& trace, int fd, size_t length);

/// One byte at offset -1; `flag_words` are the flags in words.
void call_pwritev2(Trace& trace, int fd, int flags, const char* flag_words);

/// 4096 bytes of a file that has as many: the probe itself.
void call_sendfile(Trace& trace, int fd);

/// io_submit(2) of a write of one byte, with `rw_flags` RWF_*, and its completion.
void call_aio(Trace& trace, int fd, int rw_flags = 0, const char* flag_words = "");

/// IORING_OP_WRITE of one byte, and its completion. `args` says which flags of the entry, IOSQE_*,
/// and of the write, RWF_*, are set.
void call_io_uring_write(Trace& trace, int fd, unsigned char entry_flags, const std::string& args,
                         int rw_flags = 0);

/// An entry that writes one byte to a file.
io_uring_sqe io_uring_entry(unsigned char operation, int fd);

/// Submits an entry, as a step with its completion.
void submit(Trace& trace, IoUring& ring, const io_uring_sqe& entry, const std::string& args);

/// Waits for a completion; `flags` as of io_uring_enter(2).
int await_completion(IoUring& ring, unsigned flags);

/// A result as AIO and io_uring give it, a count or an errno negated, as a step tells it.
Json completion_json(long result);

}  // namespace probe
