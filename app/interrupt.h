// Ctrl-C and friends: asked once, work ends in a resumable state; asked twice, at once.
#pragma once

namespace zlens {

// Installs handlers for SIGINT, SIGTERM and SIGHUP. The first signal only sets a flag, the second ends the process as usual.
void watch_signals();

// The signal that arrived, or 0. Async-signal-safe and thread-safe.
int caught_signal();

}  // namespace zlens
