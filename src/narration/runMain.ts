/**
 * A program run as a process: a failure that came out of no story is told like any other, and only once.
 */
import { basename } from "node:path"
import { makeRunMain, type RunMain } from "@effect/platform/Runtime"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Diagnostics from "../diagnostics/Diagnostics.js"
import type { MainOptions } from "../Narrative.js"
import { storyInit } from "./combinators.js"
import * as storyFailure from "./storyFailure.js"
import * as storyRegion from "./storyRegion.js"

/** Longest that a timer can be set. */
const forever = 2 ** 31 - 1

// As `NodeRuntime.runMain` runs it, which is in a package that not everybody has.
const run: RunMain = makeRunMain(({ fiber, teardown }) => {
  const keepAlive = setInterval(constVoid, forever)
  let interrupted = false
  const interrupt = () => {
    interrupted = true
    forget()
    fiber.unsafeInterruptAsFork(fiber.id())
  }
  const forget = () => {
    process.removeListener("SIGINT", interrupt)
    process.removeListener("SIGTERM", interrupt)
  }
  process.on("SIGINT", interrupt)
  process.on("SIGTERM", interrupt)
  fiber.addObserver((exit) => {
    forget()
    clearInterval(keepAlive)
    teardown(exit, (code) => {
      if (interrupted || code !== 0) process.exit(code)
    })
  })
})

/** Tells what fails and was not told by a story, as the story of the program itself. */
const telling = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.catchAllCause(self, (cause) => {
    const failing = Effect.failCause(cause)
    if (Cause.isInterruptedOnly(cause) || storyFailure.isReported(cause)) return failing
    const name = process.argv[1] === undefined ? "Program" : basename(process.argv[1])
    return storyRegion.run(failing, storyInit(name, { kind: "program" }, undefined))
  })

/** @internal */
export const runMain = <A, E>(self: Effect.Effect<A, E>, options?: MainOptions): void => {
  // Whoever reads locals has to be there before anything fails.
  Diagnostics.of(Context.empty())
  run(Effect.provide(telling(self), options?.layer ?? Layer.empty), { ...options, disableErrorReporting: true })
}
