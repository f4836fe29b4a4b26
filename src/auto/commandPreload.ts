/**
 * What `narrative run` preloads into each Node process below it. It does something only in those that are the user's own
 * programs: `npm`, `npx` and `tsx` are processes of Node as well.
 */
import { realpathSync } from "node:fs"
import { isAbsolute, relative, sep } from "node:path"
import { isMainThread } from "node:worker_threads"
import type { CommandSettings } from "./commandProcess.js"

const settings: CommandSettings | undefined =
  process.env["NARRATIVE_RUN"] === undefined ? undefined : JSON.parse(process.env["NARRATIVE_RUN"])

const isOwn = ({ named, root }: CommandSettings): boolean => {
  const [, given] = process.argv
  if (given === undefined) return false
  try {
    const path = realpathSync(given)
    const below = relative(realpathSync(root), path)
    const isBelow = !below.startsWith(`..${sep}`) && !isAbsolute(below)
    return (isBelow || named.includes(given)) && !path.split(sep).includes("node_modules")
  } catch {
    return false
  }
}

if (settings !== undefined && isMainThread && isOwn(settings)) {
  const { narrate } = await import("./commandProcess.js")
  await narrate(settings)
}
