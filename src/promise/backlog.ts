/**
 * What events of plain code leave to wait for: one after the other within a story, as a fiber would wait for them.
 */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type { Story } from "../narration/Story.js"
import type { Waiting } from "../runtime/waiting.js"

export class Backlog {
  /** What is still to be waited for, by outermost stories. */
  readonly #queues = new Map<Story | undefined, Array<Effect.Effect<void>>>()
  readonly #idle: Array<() => void> = []

  constructor(private readonly runtime: Runtime.Runtime<never>) {}

  add(story: Story | undefined, waiting: Waiting): void {
    if (waiting === undefined) return
    const root = rootOf(story)
    const queue = this.#queues.get(root)
    if (queue !== undefined) {
      queue.push(waiting)
      return
    }
    this.#queues.set(root, [])
    this.#run(root, waiting)
  }

  /** When nothing is left to wait for. */
  get empty(): Promise<void> {
    return this.#queues.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  #run(root: Story | undefined, waiting: Effect.Effect<void>): void {
    Runtime.runFork(this.runtime, Effect.uninterruptible(waiting)).addObserver(() => {
      const next = this.#queues.get(root)?.shift()
      if (next !== undefined) return this.#run(root, next)
      this.#queues.delete(root)
      if (this.#queues.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    })
  }
}

const rootOf = (story: Story | undefined): Story | undefined => {
  let root = story
  while (root?.parent !== undefined) root = root.parent
  return root
}
