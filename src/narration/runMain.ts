/**
 * A program run as a process: a failure that came out of no story is reported like any other, and only once.
 */
import { basename } from "node:path"
import { makeRunMain, type RunMain } from "@effect/platform/Runtime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import { leavesOf } from "../cause/causeLeaves.js"
import { isCliError } from "../cause/thrownValue.js"
import { rendererLayer } from "../delivery/rendererLayer.js"
import * as rendererSet from "../delivery/rendererSet.js"
import { storyInit } from "./combinators.js"
import { load } from "./failureDescriber.js"
import type { MainOptions } from "./Options.js"
import * as storyFailure from "./storyFailure.js"
import * as storyRegion from "./storyRegion.js"

/** Longest that a timer can be set. */
const forever = 2 ** 31 - 1

// As `NodeRuntime.runMain` runs it, which is in a package that not everybody has.
const run: RunMain = /* @__PURE__ */ makeRunMain(({ fiber, teardown }) => {
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

// Loaded when it is asked for: whoever instruments a library must not pay for the console.
const loadDefault = /* @__PURE__ */ Effect.promise(() => import("../renderer/defaultRenderer.js"))

/** @internal */
export const layerDefault: Layer.Layer<never> = /* @__PURE__ */ rendererLayer(
  Effect.flatMap(loadDefault, ({ make }) => make),
  rendererSet.addDefault
)

/** Where the program chose renderers itself, they are closed when it fails outside of them, or while it is built. */
const layerLast: Layer.Layer<never> = /* @__PURE__ */ rendererLayer(
  Effect.flatMap(loadDefault, ({ makeLast }) => makeLast),
  rendererSet.add
)

/** Whether `@effect/cli` has printed what was wrong with the arguments. */
const isPrinted = (cause: Cause.Cause<unknown>): boolean => {
  const leaves = leavesOf(cause)
  return leaves.length > 0 && leaves.every(({ error }) => isCliError(error))
}

/** Reports what fails and was not reported by a story, as the story of the program itself. */
const reporting = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.catchAllCause(restore(self), (cause) => {
      const failing = Effect.failCause(cause)
      if (Cause.isInterruptedOnly(cause) || storyFailure.isReported(cause) || isPrinted(cause)) return failing
      const reported = asStory(failing)
      // A signal has interrupted the program, and a finalizer failed: what is interrupted already would not report it.
      return Cause.isInterrupted(cause) ? reported : restore(reported)
    })
  )

const asStory = <A, E>(failing: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  const name = process.argv[1] === undefined ? "Program" : basename(process.argv[1])
  const reported = storyRegion.run(failing, storyInit(name, { kind: "program" }, undefined))
  return Effect.flatMap(rendererSet.closedChoice, (chosen) =>
    // Lines of JSON are what the default renderer writes, too.
    chosen.size === 0 || chosen.has("json") ? reported : Effect.provide(reported, layerLast)
  )
}

/** A program as one story. What `@effect/cli` has printed is no failure of it. */
const inStory = <A, E>(self: Effect.Effect<A, E>, name: string | undefined): Effect.Effect<A, E> =>
  name === undefined
    ? self
    : storyRegion.run(self, { ...storyInit(name, { kind: "program" }, undefined), isLazy: true }, (exit, story) => {
        if (exit._tag === "Success" || !isPrinted(exit.cause)) return exit
        story.requestedStatus ??= "failed"
        return Exit.void
      })

/** @internal */
export const runMain = <A, E>(self: Effect.Effect<A, E>, options?: MainOptions): void => {
  const program = Effect.provide(reporting(inStory(self, options?.story)), options?.layer ?? Layer.empty)
  // Once more: a layer that cannot be built is a failure, too.
  // What reads locals has to be loaded before anything fails.
  run(Effect.zipRight(load, Effect.provide(reporting(program), layerDefault)), {
    ...options,
    disableErrorReporting: true
  })
}
