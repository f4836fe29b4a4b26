/**
 * Variables of code that runs hot. V8 optimises it, and then keeps only those that are still to be read: what a failing statement
 * was decided by is gone. Two of its flags make it keep them all.
 */
import { setFlagsFromString } from "node:v8"

/** Whether V8 keeps variables that are not read any more, in words for `Diagnostics.status`. */
export type Keeping = "kept" | "not asked for" | "unknown to this V8"

/**
 * `analyze-environment-liveness` is by what Turbofan, the last compiler, knows which variables are still to be read. Maglev, the
 * one before it (on from Node 23), always does, so hot functions have to go past it.
 */
const flags = ["--no-analyze-environment-liveness", "--no-maglev"]
/** The last V8 that is known to have both: another would complain of them on stderr. */
const lastKnownV8 = 14

/**
 * Has V8 keep the variables of every function that it optimises from now on. The flags hold for the process, and stay: a function
 * that was optimised without them would never show its variables again.
 */
export const keepVariables = (): Keeping => {
  if (Number.parseInt(process.versions.v8, 10) > lastKnownV8) return "unknown to this V8"
  if (!kept) for (const flag of flags) setFlagsFromString(flag)
  kept = true
  return "kept"
}

let kept = false

/** What is out of reach, said once for `Diagnostics.status`. */
export const sentenceOf = (keeping: Keeping): string =>
  keeping === "kept"
    ? "V8 keeps them in functions that it optimises from now on."
    : `In functions that V8 optimised, variables that are not read any more may be gone: keeping them is ${keeping}.`
