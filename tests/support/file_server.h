#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "results/base/unique_fd.h"

/// A web server for a test, whose connections can be cut.
namespace brokenpipe::test {

/// A web server for the files of one folder, with ranges, at a free port of 127.0.0.1.
class FileServer {
 public:
  struct Request {
    std::string path;
    bool is_range = false;
  };

  explicit FileServer(std::filesystem::path root);
  ~FileServer();
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;
  FileServer(FileServer&&) = delete;
  FileServer& operator=(FileServer&&) = delete;

  std::string address() const;
  /// The next so many answers with a .deb end in their middle.
  void cut_packages(int times) { cuts_ = times; }
  std::vector<Request> requests() const;

 private:
  void serve();
  void answer(int connection);

  std::filesystem::path root_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<int> cuts_ = 0;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

}  // namespace brokenpipe::test
