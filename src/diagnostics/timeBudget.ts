/**
 * How long something may take that holds up a failing program, fair on a busy machine.
 *
 * On the clock alone, a machine that gives the process no processor for a while would cut a report that was hardly begun.
 * So the time must have passed on the clock and have been worked; what only waits has ten times as long.
 */

export interface TimeBudget {
  readonly isSpent: () => boolean
}

const patience = 10

/**
 * What this thread has worked, and where Node cannot say that (20), the whole process: there, busy worker threads of a program
 * leave less time for its reports.
 *
 * @internal
 */
export const workedMillis: () => number = (() => {
  // Not in the types of Node 20.
  const ofThread: unknown = Reflect.get(process, "threadCpuUsage")
  const usage = typeof ofThread === "function" ? (): NodeJS.CpuUsage => ofThread.call(process) : process.cpuUsage
  return () => {
    const { system, user } = usage()
    return (user + system) / 1_000
  }
})()

let preparedMillis = 0
let preparedWork = 0

/**
 * Does what is done once a file, such as reading the source map of a bundle: no report has less because it was the first to
 * need it.
 */
export const preparing = <A>(work: () => A): A => {
  const since = performance.now()
  const before = workedMillis()
  try {
    return work()
  } finally {
    preparedMillis += performance.now() - since
    preparedWork += workedMillis() - before
  }
}

/** Starts now. `millis` is real time, not `Clock`'s: this is about what a report really takes, whatever time a test lives in. */
export const start = (millis: number): TimeBudget => {
  const since = performance.now() - preparedMillis
  let before: { readonly worked: number; readonly prepared: number } | undefined
  const worked = () => {
    // Work is counted from the first look that comes late: asking costs as much as a tenth of a small report.
    const worked = workedMillis()
    before ??= { worked, prepared: preparedWork }
    return worked - before.worked - (preparedWork - before.prepared)
  }
  return {
    isSpent: () => {
      const passed = performance.now() - preparedMillis - since
      return passed > millis * patience || (passed > millis / patience && worked() > millis)
    }
  }
}
