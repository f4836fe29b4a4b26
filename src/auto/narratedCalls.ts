/**
 * Calls of the app's functions as stages of the story they are made in, or of the one that they begin.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { rendererLayer } from "../delivery/rendererLayer.js"
import * as rendererSet from "../delivery/rendererSet.js"
import { calling, initOf, type Outside, stageOf } from "../instrument/wrappedFunction.js"
import type { AnyFunction, Call } from "../instrument/wrapper.js"
import * as ConsoleRenderer from "../renderer/console/ConsoleRenderer.js"
import { type ProgramRuntime, ProgramStory } from "./programStory.js"
// What fails may end the process: what describes it is loaded by then.
import "../diagnostics/Diagnostics.js"

let given: ProgramRuntime | undefined
let program: ProgramStory | undefined
let beginsStories = (): boolean => false
let isMainOver = false

/** The console, and apart from what the program itself prints. */
const byDefault = (): ProgramRuntime => {
  const console = rendererLayer(
    Effect.suspend(() => ConsoleRenderer.make({ stream: process.stderr })),
    rendererSet.addDefault
  )
  // It waits for nothing.
  const scope = Effect.runSync(Scope.make())
  return {
    runtime: Effect.runSync(Scope.extend(Layer.toRuntime(console), scope)),
    close: Scope.close(scope, Exit.void)
  }
}

/** The story of the program, which listens to how that ends. */
export const programOf = (): ProgramStory => {
  program ??= new ProgramStory(given ?? byDefault(), isMainOver)
  return program
}

/** Narrates with this instead of the console. */
export const useRuntime = (runtime: ProgramRuntime): void => {
  given = runtime
}

export const begin = (areWanted: () => boolean, hasMainEnded: boolean): void => {
  beginsStories = areWanted
  isMainOver = hasMainEnded
}

export const mainEnded = (): void => {
  isMainOver = true
  program?.mainEnded()
}

/** Reports what ends the program. */
export const failed = (error: unknown): void => programOf().failed(error)

const outside: Outside = (call) => (beginsStories() ? programOf().call(call) : stageOf(call.bare(), call.init))

export const callOf = (f: AnyFunction, name: string, kind: string | undefined): Call =>
  calling(f, initOf(name, kind), outside)
