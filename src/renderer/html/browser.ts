/**
 * Showing a page in the user's browser, where there is a display to show it on.
 */
import { constants } from "node:fs"
import { access } from "node:fs/promises"
import { delimiter, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { logWarning } from "../../runtime/logWarning.js"

type Environment = Readonly<Record<string, string | undefined>>

/** Opens the file, unless this is a CI run or there is no display. What goes wrong is a warning. */
export const open = (path: string, env: Environment): Effect.Effect<void> =>
  show(path, () => pathToFileURL(resolve(path)).href, env)

/** The same for a page of a server. */
export const openUrl = (url: string, env: Environment): Effect.Effect<void> => show(url, () => url, env)

const show = (what: string, url: () => string, env: Environment): Effect.Effect<void> =>
  hasDisplay(process.platform, env)
    ? Effect.tryPromise({ try: () => launch(url(), env), catch: String }).pipe(
        Effect.catchAll((error) => logWarning(`The browser could not be opened for ${what}: ${error}`))
      )
    : Effect.void

// Loaded when it is asked for: hardly a program opens a browser.
const launch = async (url: string, env: Environment): Promise<void> => {
  const { default: launch } = await import("open")
  await launch(url, hasDesktopCommand(process.platform) ? { app: { name: await desktopCommand(env) } } : {})
}

const hasDisplay = (platform: NodeJS.Platform, env: Environment): boolean => {
  if (isSet(env["CI"])) return false
  return !hasDesktopCommand(platform) || isSet(env["DISPLAY"]) || isSet(env["WAYLAND_DISPLAY"])
}

const hasDesktopCommand = (platform: NodeJS.Platform): boolean => platform !== "darwin" && platform !== "win32"

/** The desktop's own, which knows its settings; `open` would use a copy of its own. */
const desktopCommand = async (env: Environment): Promise<string> => {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    const command = join(folder, "xdg-open")
    const isThere = await access(command, constants.X_OK).then(
      () => true,
      () => false
    )
    if (isThere) return command
  }
  throw new Error("there is no xdg-open in PATH")
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "false"
