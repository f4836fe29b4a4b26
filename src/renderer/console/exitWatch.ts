/**
 * Leaves the terminal in order when the process ends, also by a signal that nothing handles, and while it is stopped.
 *
 * Not `signal-exit`: it counts handlers after they have run. One that removes itself as it runs, as that of
 * `NodeRuntime.runMain` does, would not be counted, and Ctrl-C would end the program before its finalizers.
 */

const deadlySignals: ReadonlyArray<NodeJS.Signals> = ["SIGINT", "SIGTERM", "SIGHUP"]

export interface Watcher {
  /** The process ends: everything is to be taken off the terminal, for good. */
  readonly onEnd: () => void
  /** The process is about to be stopped (Ctrl-Z): the shell gets the terminal. */
  readonly onStop: () => void
  /** The process goes on after it was stopped. What was on the terminal is not known. */
  readonly onContinue: () => void
}

const watchers = new Set<Watcher>()

/** Watches the process until the function returned is called. */
export const watch = (watcher: Watcher): (() => void) => {
  if (watchers.size === 0) listen()
  watchers.add(watcher)
  return () => {
    if (watchers.delete(watcher) && watchers.size === 0) ignore()
  }
}

const listen = () => {
  process.on("exit", end)
  // First in line, so that a handler which removes itself as it runs is still counted.
  for (const signal of deadlySignals) process.prependListener(signal, onDeadlySignal)
  process.prependListener("SIGTSTP", onStopSignal)
  process.on("SIGCONT", proceed)
}

const ignore = () => {
  process.removeListener("exit", end)
  for (const signal of deadlySignals) process.removeListener(signal, onDeadlySignal)
  process.removeListener("SIGTSTP", onStopSignal)
  process.removeListener("SIGCONT", proceed)
}

const end = () => {
  for (const { onEnd } of Array.from(watchers)) onEnd()
}

const proceed = () => {
  for (const { onContinue } of Array.from(watchers)) onContinue()
}

const onDeadlySignal = (signal: NodeJS.Signals) => {
  // Another handler decides: the program goes on, or ends through `exit`.
  if (process.listenerCount(signal) > 1) return
  end()
  ignore()
  // Without listeners the signal does again what it does to any process.
  process.kill(process.pid, signal)
}

const onStopSignal = (signal: NodeJS.Signals) => {
  if (process.listenerCount(signal) > 1) return
  for (const { onStop } of Array.from(watchers)) onStop()
  process.removeListener(signal, onStopSignal)
  process.kill(process.pid, signal)
  // Runs when the process goes on; at once where the signal stops nothing, as without a shell that could continue it.
  setImmediate(() => {
    if (watchers.size > 0) process.prependListener(signal, onStopSignal)
    proceed()
  })
}
