/**
 * Analyses that are made while the program goes on, and emitted when they are ready.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import * as pendingWork from "../delivery/pendingWork.js"
import type { Renderer } from "../delivery/Renderer.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import { waitAtMost } from "../runtime/deadline.js"
import { Permits } from "../runtime/permits.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import type { AnalysisCounts } from "./analysisCounts.js"

export interface BackgroundSettings {
  readonly concurrency: number
  readonly capacity: number
  readonly shutdownTimeout: Duration.Duration
}

/** One failure to be explained. */
export interface Order {
  readonly renderers: ReadonlyArray<Renderer>
  readonly analysis: Effect.Effect<FailureAnalysis | undefined, unknown>
  readonly emit: (renderers: ReadonlyArray<Renderer>, analysis: FailureAnalysis) => Waiting
  readonly counts: AnalysisCounts
  readonly hide: (text: string) => string
}

interface Job extends Order, pendingWork.PendingWork {
  /** Those of the renderers that are still there. */
  readonly open: Set<Renderer>
  readonly finished: Deferred.Deferred<void>
  /** Its outcome is counted. */
  isOver: boolean
  fiber: Fiber.RuntimeFiber<unknown> | undefined
}

export class BackgroundAnalyses {
  readonly #jobs = new Set<Job>()
  readonly #permits: Permits
  #closed = false

  constructor(readonly settings: BackgroundSettings) {
    this.#permits = new Permits(settings.concurrency)
  }

  /** Takes the order, or counts it as dropped. What is returned starts the work. */
  accept(order: Order): Waiting {
    order.counts.ask()
    if (this.#closed) return order.counts.lose("dropped", 1, "the layer of the analyzer was closed before")
    const { capacity, shutdownTimeout } = this.settings
    if (this.#jobs.size >= capacity) {
      return order.counts.lose("dropped", 1, `${capacity} are under way, the capacity of FailureAnalyzer.inBackground`)
    }
    const finished = Deferred.unsafeMake<void>(FiberId.none)
    const job: Job = {
      ...order,
      open: new Set(order.renderers),
      finished,
      isOver: false,
      fiber: undefined,
      done: Deferred.await(finished),
      timeout: shutdownTimeout,
      abandon: (renderer) => {
        job.open.delete(renderer)
        return job.open.size > 0 ? undefined : this.#abandon([job])
      }
    }
    this.#jobs.add(job)
    for (const renderer of job.open) pendingWork.register(renderer, job)
    return Effect.map(Effect.forkDaemon(Effect.interruptible(this.#run(job))), (fiber) => {
      job.fiber = fiber
    })
  }

  close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#closed = true
      if (this.#jobs.size === 0) return Effect.void
      const all = Effect.forEach(this.#jobs, (job) => job.done, { discard: true })
      return Effect.zipRight(
        waitAtMost(all, this.settings.shutdownTimeout),
        Effect.suspend(() => this.#abandon(Array.from(this.#jobs)) ?? Effect.void)
      )
    })
  }

  #run(job: Job): Effect.Effect<void> {
    return Effect.uninterruptibleMask((restore) =>
      restore(job.isOver ? Effect.succeed(undefined) : this.#permits.run(job.analysis)).pipe(
        Effect.exit,
        Effect.flatMap((exit) => this.#end(job, exit) ?? Effect.void),
        Effect.ensuring(Effect.sync(() => this.#release(job)))
      )
    )
  }

  #end(job: Job, exit: Exit.Exit<FailureAnalysis | undefined, unknown>): Waiting {
    if (job.isOver) return undefined
    job.isOver = true
    if (exit._tag === "Failure") return job.counts.fail(exit.cause, job.hide)
    if (exit.value === undefined) {
      job.counts.end("none")
      return undefined
    }
    job.counts.end("ready")
    return job.emit(
      job.renderers.filter((renderer) => job.open.has(renderer)),
      exit.value
    )
  }

  #abandon(jobs: ReadonlyArray<Job>): Waiting {
    let waiting: Waiting
    const lost = new Map<AnalysisCounts, number>()
    for (const job of jobs) {
      this.#release(job)
      if (job.isOver) continue
      job.isOver = true
      lost.set(job.counts, (lost.get(job.counts) ?? 0) + 1)
      if (job.fiber !== undefined) waiting = inOrder(waiting, Fiber.interruptFork(job.fiber))
    }
    for (const [counts, count] of lost) {
      waiting = inOrder(
        waiting,
        counts.lose("abandoned", count, "not ready within the shutdownTimeout of FailureAnalyzer.inBackground")
      )
    }
    return waiting
  }

  #release(job: Job): void {
    this.#jobs.delete(job)
    for (const renderer of job.renderers) pendingWork.complete(renderer, job)
    Deferred.unsafeDone(job.finished, Effect.void)
  }
}

/** They end with the scope. */
export const make = (settings: BackgroundSettings): Effect.Effect<BackgroundAnalyses, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new BackgroundAnalyses(settings)),
    (background) => background.close()
  )
