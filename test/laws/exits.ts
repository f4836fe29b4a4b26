import type { Exit } from "effect"

/** An exit as text, without what differs from run to run: the ids of fibers. */
export const shape = (exit: Exit.Exit<unknown, unknown>): string =>
  JSON.stringify(exit, (key, value) => (key === "fiberId" || key === "id" || key === "startTimeMillis" ? 0 : value))
