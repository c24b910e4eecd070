#include "orchestrator/site/pictures/tcp_states.h"

namespace brokenpipe {

const std::vector<TcpState>& tcp_states() {
  static const std::string plain = "next write";
  static const std::string plain_words = "the next write";
  static const std::string reset = "after a RST";
  static const std::string reset_words = "the next write after a RST";
  static const std::vector<TcpState> states{
      {"CLOSE",
       1,
       0,
       {{"never open", "the next write on a socket that was never connected", "tcp/never-connected",
         "send#1", ""},
        {"RST reported", "the next write after a RST that has been reported already",
         "entry/error-consumed/send", "send#1", ""}}},
      {"LISTEN",
       0,
       1,
       {{plain, plain_words, "tcp/listening-socket", "send#1", ""},
        {reset, reset_words, "tcp-wire/listen-rst", "send#1", "state#1"}}},
      {"SYN_SENT",
       2,
       1,
       {{plain, plain_words, "tcp-connect/syn-sent", "send#1", ""},
        {reset, reset_words, "tcp-connect/syn-sent-rst-ack", "send#1", ""}}},
      {"SYN_RECV",
       0,
       2,
       {{"crossed SYNs", "the next write where both ends have connected to each other",
         "tcp-connect/syn-recv-crossed-synack", "send#1", "state#2"},
        {"Fast Open", "the next write on a socket that Fast Open let accept early",
         "tcp-connect/fastopen-child-rst", "send#1", "state#1"},
        {reset, reset_words, "tcp-connect/syn-recv-crossed-rst", "send#1", "state#1"}}},
      {"ESTABLISHED",
       1,
       3,
       {{plain, plain_words, "tcp/peer-fd-inherited-by-child", "send#1", "state#1"},
        {reset, reset_words, "tcp-wire/rst-exact", "send#1", "state#1"}}},
      {"FIN_WAIT1",
       0,
       4,
       {{plain, plain_words, "tcp-connect/fastopen-child-shut-wr", "send#2", "state#2"},
        {reset, reset_words, "tcp-wire/fin-wait1-rst", "send#1", "state#1"}}},
      {"CLOSE_WAIT",
       2,
       4,
       {{plain, plain_words, "tcp/close-wait-rst-send-sequence", "send#1", ""},
        {reset, reset_words, "tcp/close-wait-rst-send-sequence", "send#2", ""}}},
      {"FIN_WAIT2",
       0,
       5,
       {{plain, plain_words, "tcp/fin-wait2-fd-open-no-timeout", "send#1", "state#1"},
        {reset, reset_words, "tcp-wire/fin-wait2-rst", "send#1", ""}}},
      {"CLOSING",
       1,
       5,
       {{plain, plain_words, "tcp-wire/closing-send", "send#1", "state#1"},
        {reset, reset_words, "tcp-wire/closing-rst", "send#1", "state#1"}}},
      {"LAST_ACK",
       2,
       5,
       {{plain, plain_words, "tcp-wire/last-ack-send", "send#1", "state#1"},
        {reset, reset_words, "tcp-wire/last-ack-rst", "send#1", "state#1"}}},
      {"TIME_WAIT",
       1,
       6,
       // The kernel keeps TIME_WAIT without the socket, which is in CLOSE.
       {{plain, plain_words, "tcp/time-wait-fd-open", "send#1", ""},
        {reset, reset_words, "tcp-wire/time-wait-rst", "send#1", ""}}},
  };
  return states;
}

const std::vector<TcpArrow>& tcp_arrows() {
  using Side = TcpArrow::Side;
  static const std::vector<TcpArrow> arrows{
      {{"CLOSE", Side::left}, {"LISTEN", Side::top}, {"listen()"}, 0, -4},
      {{"CLOSE", Side::right}, {"SYN_SENT", Side::top}, {"connect():", "send SYN"}, 0, -8},
      {{"LISTEN", Side::bottom}, {"SYN_RECV", Side::top}, {"receive SYN,", "send SYN-ACK"}},
      {{"SYN_SENT", Side::left},
       {"SYN_RECV", Side::right, -24},
       {"receive SYN,", "send SYN-ACK"},
       0,
       0},
      {{"SYN_SENT", Side::bottom},
       {"ESTABLISHED", Side::right},
       {"receive SYN-ACK,", "send ACK"},
       30,
       0},
      {{"SYN_RECV", Side::right, 34}, {"ESTABLISHED", Side::top}, {"receive ACK"}, 20, -6},
      {{"SYN_RECV", Side::bottom, -60}, {"FIN_WAIT1", Side::top, -60}, {"send FIN"}},
      {{"ESTABLISHED", Side::left}, {"FIN_WAIT1", Side::top, 40}, {"send FIN"}, 0, -4},
      {{"ESTABLISHED", Side::bottom},
       {"CLOSE_WAIT", Side::left},
       {"receive FIN,", "send ACK"},
       0,
       0},
      {{"FIN_WAIT1", Side::bottom}, {"FIN_WAIT2", Side::top}, {"receive ACK of FIN"}},
      {{"FIN_WAIT1", Side::right}, {"CLOSING", Side::top}, {"receive FIN,", "send ACK"}, 0, 0},
      {{"FIN_WAIT2", Side::bottom}, {"TIME_WAIT", Side::left}, {"receive FIN,", "send ACK"}, 0, 0},
      {{"CLOSING", Side::bottom}, {"TIME_WAIT", Side::top}, {"receive ACK of FIN"}},
      {{"CLOSE_WAIT", Side::bottom}, {"LAST_ACK", Side::top}, {"send FIN"}},
      {{"LAST_ACK", Side::bottom}, {tcp_end, Side::top}, {"receive ACK of FIN"}},
      {{"TIME_WAIT", Side::right}, {tcp_end, Side::left}, {"2 MSL"}, 0, -10},
  };
  return arrows;
}

}  // namespace brokenpipe
