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

/** Starts now. `millis` is real time, not `Clock`'s: this is about what a report really takes, whatever time a test lives in. */
export const start = (millis: number): TimeBudget => {
  const since = performance.now()
  let before: NodeJS.CpuUsage | undefined
  const worked = () => {
    // Work is counted from the first look that comes late: asking costs as much as a tenth of a small report.
    before ??= process.cpuUsage()
    const { system, user } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
  return {
    isSpent: () => {
      const passed = performance.now() - since
      return passed > millis * patience || (passed > millis / patience && worked() > millis)
    }
  }
}
