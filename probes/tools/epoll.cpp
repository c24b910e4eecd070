#include "probes/tools/epoll.h"

#include <sys/epoll.h>

#include <vector>

#include "probes/base/must.h"

namespace probe {
EdgeTriggeredEpoll::EdgeTriggeredEpoll(int watched)
    : epoll_(must("epoll_create1", epoll_create1(0))) {
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  must("epoll_ctl", epoll_ctl(epoll_, EPOLL_CTL_ADD, watched, &wanted));
  take(0);
}

Json EdgeTriggeredEpoll::take(int timeout) const {
  std::vector<Json> events;
  epoll_event event{};
  while (must("epoll_wait", epoll_wait(epoll_, &event, 1, events.empty() ? timeout : 0)) == 1) {
    events.push_back(Json::strings(event_names(event.events)));
  }
  return Json::object({{"events", Json::array(events)}});
}

void EdgeTriggeredEpoll::look(Trace& trace) const {
  const Trace::Step step = trace.begin("epoll_wait", "epoll_wait", "EPOLLET");
  trace.end(step, take(0));
}

}  // namespace probe
