/**
 * What is still to be done when the process ends: by `process.exit`, by an exception that nothing catches, or by a signal
 * that nothing handles. Only what is done at once is done then.
 *
 * Not `signal-exit`. It listens to every signal that ends a process by default, SIGXFSZ among them, which Node ignores: a
 * program would die of a disk quota. And it counts handlers after they have run: one that removes itself as it runs, as that
 * of `NodeRuntime.runMain` does, would not be counted, and Ctrl-C would end the program before its finalizers.
 */

const deadlySignals: ReadonlyArray<NodeJS.Signals> = ["SIGINT", "SIGTERM", "SIGHUP"]

const works = new Set<() => void>()

/** Runs `work` when the process ends, unless it is taken back with the function returned. */
export const onProcessExit = (work: () => void): (() => void) => {
  // A function of its own, so that the same work can be there twice.
  const entry = () => work()
  if (works.size === 0) listen()
  works.add(entry)
  return () => {
    if (works.delete(entry) && works.size === 0) ignore()
  }
}

const listen = () => {
  process.on("exit", runAll)
  // First in line, so that a handler which removes itself as it runs is still counted.
  for (const signal of deadlySignals) process.prependListener(signal, onSignal)
}

const ignore = () => {
  process.removeListener("exit", runAll)
  for (const signal of deadlySignals) process.removeListener(signal, onSignal)
}

const runAll = () => {
  const all = Array.from(works)
  works.clear()
  ignore()
  for (const work of all) {
    try {
      work()
    } catch {
      // The others have something left to do, too, and no one is left to read of this.
    }
  }
}

const onSignal = (signal: NodeJS.Signals) => {
  // Something else handles the signal: the program goes on, or ends through `exit`.
  if (process.listenerCount(signal) > 1) return
  runAll()
  // Without listeners the signal does again what it does to any process.
  process.kill(process.pid, signal)
}
