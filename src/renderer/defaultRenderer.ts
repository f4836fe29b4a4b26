/**
 * The renderer of a program that chose none: the console on a terminal, lines of JSON everywhere else.
 */
import type { Renderer } from "../delivery/Renderer.js"
import * as ConsoleRenderer from "./console/ConsoleRenderer.js"
import * as JsonRenderer from "./json/JsonRenderer.js"

let made: ReadonlyArray<Renderer> | undefined

/** Made at the first event, so that importing the library touches no stream. */
export const current = (): ReadonlyArray<Renderer> => {
  made ??= [process.stdout.isTTY ? ConsoleRenderer.forStdout() : JsonRenderer.forStdout()]
  return made
}
