/**
 * Leaves the terminal in order when the process ends, and while it is stopped.
 */
import { onProcessExit } from "../../runtime/processExit.js"

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
  const forget = onProcessExit(watcher.onEnd)
  return () => {
    forget()
    if (watchers.delete(watcher) && watchers.size === 0) ignore()
  }
}

const listen = () => {
  process.prependListener("SIGTSTP", onStopSignal)
  process.on("SIGCONT", proceed)
}

const ignore = () => {
  process.removeListener("SIGTSTP", onStopSignal)
  process.removeListener("SIGCONT", proceed)
}

const proceed = () => {
  for (const { onContinue } of Array.from(watchers)) onContinue()
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
