#include "tests/support/file_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "results/base/file.h"

namespace brokenpipe::test {
namespace {

constexpr std::string_view last_modified = "Sun, 01 Nov 2020 00:00:00 GMT";

void send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_head(int connection) {
  std::string head;
  std::array<char, 4096> buffer{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      return {};
    }
    head.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return head;
}

std::string decoded(const std::string& path) {
  std::string result;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') {
      result += static_cast<char>(std::stoi(path.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += path[i];
    }
  }
  return result;
}

}  // namespace

FileServer::FileServer(std::filesystem::path root)
    : root_(std::move(root)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, length) != 0 || listen(listener_.get(), 16) != 0 ||
      getsockname(listener_.get(), generic, &length) != 0) {
    throw std::runtime_error(std::string("a web server: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FileServer::~FileServer() {
  shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

std::string FileServer::address() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

std::vector<FileServer::Request> FileServer::requests() const {
  const std::lock_guard held(mutex_);
  return requests_;
}

void FileServer::serve() {
  for (;;) {
    const UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0) {
      return;
    }
    answer(connection.get());
  }
}

void FileServer::answer(int connection) {
  const std::string head = read_head(connection);
  if (!head.starts_with("GET ")) {
    return;
  }
  std::string path = decoded(head.substr(4, head.find(' ', 4) - 4));
  constexpr std::string_view range = "Range: bytes=";
  // A client that does not know our date has another file, and gets all of this one.
  const std::size_t found =
      head.find(last_modified) == std::string::npos ? std::string::npos : head.find(range);
  {
    const std::lock_guard held(mutex_);
    requests_.push_back({path, found != std::string::npos});
  }
  const std::filesystem::path file = root_ / path.substr(1);
  if (!std::filesystem::is_regular_file(file)) {
    send_all(connection,
             "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return;
  }
  const std::string content = read_file(file);
  const std::size_t start =
      found == std::string::npos ? 0 : std::stoul(head.substr(found + range.size()));
  std::string answer = start == 0 ? "HTTP/1.1 200 OK\r\n"
                                  : fmt::format(
                                        "HTTP/1.1 206 Partial Content\r\n"
                                        "Content-Range: bytes {}-{}/{}\r\n",
                                        start, content.size() - 1, content.size());
  answer += fmt::format("Last-Modified: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        last_modified, content.size() - start);
  std::string body = content.substr(start);
  if (path.ends_with(".deb") && cuts_ > 0) {
    --cuts_;
    body.resize(body.size() / 2);
  }
  send_all(connection, answer + body);
}

}  // namespace brokenpipe::test
