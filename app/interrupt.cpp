#include "app/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace zlens {
namespace {

volatile std::sig_atomic_t caught = 0;

void note(int signal) {
  caught = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action = {};
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
  }
  // A limit on the size of files is an error to report, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
}

int caught_signal() {
  return caught;
}

}  // namespace zlens
