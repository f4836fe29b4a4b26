/**
 * What it costs a failure that is caught that diagnostics watch it.
 *
 *     npm run bench -- caught
 */
import { inProcess } from "./process.js"
import type { Group } from "./rounds.js"

const steps = 5_000

let found = 0

const running = (extent: "none" | "lean" | "rich") =>
  inProcess("./caughtLoop.ts", { args: [extent] }, steps, (answer) => {
    found += answer
  })

export const groups: ReadonlyArray<Group> = [
  {
    title: "A failure that is caught",
    text: "An error that a generator fails with and its caller handles, in a span, in three processes that do nothing else: without diagnostics, or with those that remember what it came through, which is little in lean mode. Outside of any span lean diagnostics remember nothing.",
    command: "npm run bench -- caught",
    per: steps,
    rounds: 61,
    cases: [
      { name: "no diagnostics", run: running("none") },
      { name: "lean diagnostics", run: running("lean") },
      { name: "rich diagnostics", run: running("rich") }
    ],
    rows: [
      { name: "no diagnostics" },
      { name: "lean diagnostics", against: "no diagnostics", bar: 1.4 },
      { name: "rich diagnostics", against: "no diagnostics" }
    ]
  }
]

/** What the loops did, so that no compiler can leave it out. */
export const witnesses = () => [found]
