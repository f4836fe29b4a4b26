/**
 * Leaves the terminal in order when the process ends, also by a signal that nobody handles.
 */

const deadlySignals: ReadonlyArray<NodeJS.Signals> = ["SIGINT", "SIGTERM", "SIGHUP"]

const cleanups = new Set<() => void>()

/** Runs `cleanup` when the process ends, unless it is taken back with the function returned. */
export const onProcessEnd = (cleanup: () => void): (() => void) => {
  if (cleanups.size === 0) listen()
  cleanups.add(cleanup)
  return () => {
    if (cleanups.delete(cleanup) && cleanups.size === 0) ignore()
  }
}

const listen = () => {
  process.on("exit", cleanAll)
  // First in line, so that a handler which removes itself as it runs is still counted.
  for (const signal of deadlySignals) process.prependListener(signal, onSignal)
}

const ignore = () => {
  process.removeListener("exit", cleanAll)
  for (const signal of deadlySignals) process.removeListener(signal, onSignal)
}

const cleanAll = () => {
  for (const cleanup of Array.from(cleanups)) cleanup()
}

const onSignal = (signal: NodeJS.Signals) => {
  // Somebody else handles the signal: the program goes on, or ends through `exit`.
  if (process.listenerCount(signal) > 1) return
  cleanAll()
  ignore()
  // Without listeners the signal does again what it does to any process.
  process.kill(process.pid, signal)
}
