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
