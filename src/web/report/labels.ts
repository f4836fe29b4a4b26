/**
 * Words for what a node is at, and a failure.
 */
import type { PageNode } from "../../renderer/html/pageData.js"
import { duration } from "../kit/format.js"

export const statusLabel = (node: PageNode): string => {
  if (node.orphaned === true) return "orphaned"
  return node.story === undefined ? node.status : node.story.status
}

export const durationLabel = ({ seconds }: PageNode): string => (seconds === undefined ? "running" : duration(seconds))

export const progressLabel = ({ progress, story }: PageNode): string | undefined => {
  if (progress !== undefined)
    return progress.total === null ? String(progress.done) : `${progress.done} of ${progress.total}`
  if (story === undefined) return undefined
  const total = story.declaredStages ?? story.startedStages
  return `${story.completedStages} of ${total} stages`
}

/** The name of the function at a place; nothing where it has none. */
export const functionLabel = (name: string): string => (name === "<anonymous>" ? "" : name)

/** How a failure came together with the others of its cause. */
export const pathLabel = (path: string): string | undefined => {
  if (path.includes("[")) return "one of a list"
  if (path.includes("∥")) return "in parallel"
  // The right side of a sequence: a finalizer failed after what it was to clean up.
  return path.includes("→R") ? "afterwards" : undefined
}
