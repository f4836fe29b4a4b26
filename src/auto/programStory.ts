/**
 * The story of a program that begins none itself: from its first call on, until its main module has run and what that began
 * has ended. What is called later from outside, by a request or a timer, is a story of its own.
 */
import { basename, dirname, extname } from "node:path"
import { types } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Runtime from "effect/Runtime"
import { leavesOf } from "../cause/causeLeaves.js"
import { isCliError } from "../cause/thrownValue.js"
import { isLater, type OutsideCall, stageOf } from "../instrument/wrappedFunction.js"
import { storyInit } from "../narration/combinators.js"
import * as recordings from "../narration/recordings.js"
import * as storyFailure from "../narration/storyFailure.js"
import { titleCase } from "../plain/titleCase.js"
import { Backlog } from "../promise/backlog.js"
import { exitOf, run } from "../promise/follow.js"
import { baseOf, enter, here } from "../promise/places.js"
import * as regions from "../promise/regions.js"

/** What a program is narrated with. */
export interface ProgramRuntime {
  readonly runtime: Runtime.Runtime<never>
  /** Gives back what it holds, when nothing is narrated any more. */
  readonly close: Effect.Effect<void>
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

export class ProgramStory {
  readonly #narration: regions.Narration
  readonly #close: Effect.Effect<void>
  #story: regions.FollowedStory | undefined
  /** Calls of the main module that have not ended. */
  #running = 0
  #isMainOver = false
  #isOver: boolean
  /** What came out of the last call that failed. */
  #thrown: { readonly error: unknown } | undefined
  /** What came out of the last Effect that failed. */
  #cause: Cause.Cause<unknown> | undefined

  constructor({ close, runtime }: ProgramRuntime, isMainOver: boolean) {
    this.#isOver = isMainOver
    this.#narration = { base: baseOf(runtime), backlog: new Backlog(runtime), unended: new Set() }
    this.#close = close
    process.on("exit", this.#atExit)
    process.once("beforeExit", () => {
      this.#end(process.exitCode)
      void this.#dispose()
    })
    for (const signal of signals) process.on(signal, this.#atSignal)
  }

  /** A call outside any story. */
  call(call: OutsideCall): unknown {
    return this.#isOver ? this.#ownStory(call) : this.#inProgram(call)
  }

  mainEnded(): void {
    this.#isMainOver = true
    this.#endSoon()
  }

  /** What ends the program, unless the program itself sees to such errors. */
  failed(error: unknown): void {
    if (process.listenerCount("uncaughtException") > 0) return
    if (this.#isOver && storyFailure.isReported(Cause.fail(error))) return
    const story = this.#isOver ? this.#open(programName(), "program") : this.#begun()
    this.#isOver = true
    story.end(exitOf(error))
  }

  /** What came out of an Effect of the program, and may end it. */
  fiberFailed(cause: Cause.Cause<unknown>): void {
    this.#cause = cause
  }

  #inProgram({ bare, init, staged }: OutsideCall): unknown {
    const { inside, story } = this.#begun()
    if (story === undefined) return stageOf(bare(), init)
    let value: unknown
    try {
      value = enter(inside, staged)
    } catch (error) {
      this.#thrown = { error }
      throw error
    }
    return types.isPromise(value) ? this.#watched(value) : value
  }

  async #watched(promise: Promise<unknown>): Promise<unknown> {
    this.#running += 1
    try {
      return await promise
    } catch (error) {
      this.#thrown = { error }
      throw error
    } finally {
      this.#running -= 1
      this.#endSoon()
    }
  }

  /** What neither waits, nor calls others, nor fails is not narrated: it may be one of thousands. */
  #ownStory({ bare, init, isPlain }: OutsideCall): unknown {
    if (isPlain === false) return stageOf(bare(), init)
    const { end, inside, story } = this.#open(init.name, "call")
    if (story === undefined) return stageOf(bare(), init)
    let value: unknown
    try {
      value = enter(inside, bare)
    } catch (error) {
      end(exitOf(error))
      throw error
    }
    if (isLater(value)) {
      end(Exit.void)
      return stageOf(value, init)
    }
    if (types.isPromise(value)) story.announce?.()
    return run({ inside, end }, () => value)
  }

  #begun(): regions.FollowedStory {
    this.#story ??= this.#open(programName(), "program")
    return this.#story
  }

  #open(name: string, kind: string): regions.FollowedStory {
    const init = { ...storyInit(name, { kind }, undefined), isLazy: true }
    return regions.openStory(this.#narration, init, here(this.#narration.base))
  }

  /** Not before what waits for the last call has gone on. */
  #endSoon(): void {
    if (!this.#isMainOver || this.#running > 0 || this.#isOver) return
    setImmediate(() => {
      if (this.#running === 0) this.#end(process.exitCode)
    })
  }

  #end(code: number | string | null | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#story === undefined) return
    const hasFailed = code !== undefined && code !== null && Number(code) !== 0
    if (hasFailed && this.#thrown === undefined) this.#story.record(recordings.status("failed"))
    this.#story.end(hasFailed && this.#thrown !== undefined ? exitOf(this.#thrown.error) : Exit.void)
  }

  /** An Effect that failed outside any story is a failure of the program where that says so by its exit code. */
  #reportCause(): void {
    const cause = this.#cause
    if (cause === undefined || Cause.isInterruptedOnly(cause) || storyFailure.isReported(cause)) return
    // `@effect/cli` has printed what was wrong with the arguments.
    if (leavesOf(cause).every(({ error }) => isCliError(error))) return
    const story = this.#isOver ? this.#open(programName(), "program") : this.#begun()
    this.#isOver = true
    story.end(Exit.failCause(cause))
  }

  /** Nothing is waited for any more. */
  readonly #atExit = (code: number): void => {
    if (code !== 0) this.#reportCause()
    this.#end(code)
    this.#cancel()
    Effect.runFork(this.#close)
  }

  /** A signal that the program has no listener for ends it, as it would have done without this one. */
  readonly #atSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return
    process.removeListener(signal, this.#atSignal)
    this.#isOver = true
    this.#story?.end(Exit.failCause(Cause.interrupt(FiberId.none)))
    this.#cancel()
    void this.#dispose().finally(() => process.kill(process.pid, signal))
  }

  #cancel(): void {
    for (const cancel of Array.from(this.#narration.unended).toReversed()) cancel()
  }

  async #dispose(): Promise<void> {
    await this.#narration.backlog.empty
    await Effect.runPromise(this.#close)
  }
}

/** Called by its file; a file that is called as any other is by its folder. */
const programName = (): string => {
  const [, path = "program"] = process.argv
  const name = basename(path, extname(path))
  const said = /^(?:index|main|app|start|server|cli)$/i.test(name) ? basename(dirname(path)) : name
  return titleCase((said === "" || said === "src" || said === "dist" ? name : said).replace(/[-.]+/g, " "))
}
