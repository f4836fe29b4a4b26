/**
 * Showing a file in the user's browser, where there is somebody to look at it.
 */
import { spawn } from "node:child_process"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"

type Environment = Readonly<Record<string, string | undefined>>

/** Opens the file, unless this is a CI run or there is no display. What goes wrong is a warning. */
export const open = (path: string, env: Environment): Effect.Effect<void> => {
  const command = commandFor(process.platform, env)
  if (command === undefined) return Effect.void
  const url = pathToFileURL(resolve(path)).href
  return Effect.async<void>((resume) => {
    const [program, ...args] = command
    const failed = (error: unknown) =>
      resume(Effect.logWarning(`The browser could not be opened by ${program} for ${path}: ${error}`))
    try {
      // No shell: the path is one argument, whatever it holds.
      const child = spawn(program, [...args, url], { detached: true, env: { ...env }, shell: false, stdio: "ignore" })
      child.once("error", failed)
      child.once("spawn", () => {
        child.unref()
        resume(Effect.void)
      })
    } catch (error) {
      failed(error)
    }
  })
}

const commandFor = (platform: NodeJS.Platform, env: Environment): readonly [string, ...Array<string>] | undefined => {
  if (isSet(env["CI"])) return undefined
  if (platform === "darwin") return ["open"]
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"]
  return isSet(env["DISPLAY"]) || isSet(env["WAYLAND_DISPLAY"]) ? ["xdg-open"] : undefined
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "false"
