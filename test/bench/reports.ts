/**
 * What it costs to describe a failure.
 *
 *     npm run bench -- reports
 */
import { Cause, Effect } from "effect"
import { describe, framesOf, install, openReader } from "./library.js"
import type { Group } from "./rounds.js"

const frames = 32
const reports = 100

const failAt = (depth: number): Error => (depth <= 1 ? new Error("row 41 has no e-mail address") : failAt(depth - 1))

const fail = (): Cause.Cause<Error> => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = frames
  const error = failAt(frames)
  Error.stackTraceLimit = limit
  return Cause.fail(error)
}

const known = fail()

let length = 0
const report = (cause: Cause.Cause<Error>) =>
  Effect.map(describe(cause), ({ failures }) => {
    length += failures.length
  })
const pretty = (cause: Cause.Cause<Error>) =>
  Effect.sync(() => {
    length += Cause.pretty(cause).length
  })

const each = (cause: () => Cause.Cause<Error>, emit: (cause: Cause.Cause<Error>) => Effect.Effect<void>) => () =>
  Effect.runPromise(
    Effect.gen(function* () {
      for (let i = 0; i < reports; i++) yield* emit(cause())
    })
  )

const generators = 8

/** The generators a failure came through, each with locals of its own. */
const suspended = async () => {
  const capture = install("rich")
  const error = new Error("row 41 has no e-mail address")
  const call = (depth: number): Effect.Effect<number, Error> =>
    Effect.gen(function* () {
      const row = { id: depth, email: null, tags: ["a", "b"] }
      const label = `row ${depth}`
      const below = depth <= 1 ? yield* Effect.suspend(() => Effect.fail(error)) : yield* call(depth - 1)
      return below + row.id + label.length
    })
  await Effect.runPromise(Effect.ignore(call(generators)))
  capture.uninstall()
  return framesOf(error)
}

const captured = await suspended()
const reader = openReader()

const readLocals = () => {
  for (let i = 0; i < readings; i++) length += reader.read(captured, { deadlineMillis: 10_000 }).length
}

const readings = 20

export const groups: ReadonlyArray<Group> = [
  {
    title: "A generator's local variables",
    text: `What rich diagnostics add to a report: the locals of ${generators} suspended generators, read through the inspector, for each of them.`,
    command: "npm run bench -- reports",
    per: readings * generators,
    rounds: 31,
    cases: [{ name: "reading a generator's locals", run: readLocals }],
    rows: [{ name: "reading a generator's locals", atMostMicros: 500 }]
  },
  {
    title: "A failure's report",
    text: "The lean report of an error with 32 frames, once its files have been seen. The error is the same one each time, or a new one from the same place: making it and having V8 write its stack then counts on both sides.",
    command: "npm run bench -- reports",
    per: reports,
    rounds: 61,
    bytes: true,
    cases: [
      { name: "lean report", run: each(() => known, report) },
      { name: "Cause.pretty", run: each(() => known, pretty) },
      { name: "lean report, new error", run: each(fail, report) },
      { name: "Cause.pretty, new error", run: each(fail, pretty) }
    ],
    rows: [
      { name: "lean report", against: "Cause.pretty", bar: 2.2 },
      { name: "Cause.pretty" },
      { name: "lean report, new error", against: "Cause.pretty, new error" },
      { name: "Cause.pretty, new error" }
    ]
  }
]

/** What the loops did, so that no compiler can leave it out. */
export const witnesses = () => [length]
