/**
 * The renderer of an application that chose none: the console on a terminal, lines of JSON everywhere else.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Renderer } from "../delivery/rendererModel.js"
import * as ConsoleRenderer from "./console/ConsoleRenderer.js"
import * as JsonRenderer from "./json/JsonRenderer.js"

export const make: Effect.Effect<Renderer, never, Scope.Scope> = Effect.suspend(() =>
  process.stdout.isTTY ? ConsoleRenderer.make() : Effect.sync(() => JsonRenderer.make())
)

/** What takes the last word of a program whose own renderers are closed: never lines of JSON in its output, which it did not choose. */
export const makeLast: Effect.Effect<Renderer, never, Scope.Scope> = Effect.suspend(() =>
  ConsoleRenderer.make({ stream: process.stdout.isTTY ? process.stdout : process.stderr })
)
