/**
 * What it costs a program that V8 keeps the variables of optimised code, as `Diagnostics.layer({ mode: "rich" })` has it do.
 *
 *     npm run bench -- hotCode
 */
import { inProcess } from "./process.js"
import type { Group } from "./rounds.js"

const steps = 5_000

let sum = 0

const running = (flags: ReadonlyArray<string>) =>
  inProcess("./hotLoop.ts", { flags }, steps, (answer) => {
    sum += answer
  })

export const groups: ReadonlyArray<Group> = [
  {
    title: "Variables of hot code",
    text: "What V8's optimised code costs when it keeps variables that it no longer reads, in two processes that do nothing but run small `Effect.gen`s: a program that also does other work loses less. Rich diagnostics set the flags, unless `keepVariables` is `false`; lean ones never do.",
    command: "npm run bench -- hotCode",
    per: steps,
    rounds: 31,
    cases: [
      { name: "V8's flags as they are", run: running([]) },
      { name: "variables kept", run: running(["--no-analyze-environment-liveness", "--no-maglev"]) }
    ],
    rows: [{ name: "V8's flags as they are" }, { name: "variables kept", against: "V8's flags as they are" }]
  }
]

/** What the loops did, so that no compiler can leave it out. */
export const witnesses = () => [sum]
