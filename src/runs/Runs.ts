/**
 * Where runs are written: the service behind `Run`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type { HistoryError } from "../history/HistoryError.js"
import { withoutNarration } from "../runtime/muting.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"
import type { Write } from "./journalLine.js"
import type { Posting } from "./posting.js"
import type { RunEvent, RunRecord } from "./RunRecord.js"
import { type Changes, isTerminal } from "./runColumns.js"
import * as runId from "./runId.js"
import { type SweepOptions, type SweptRuns, sweep } from "./sweep.js"

/**
 * What became of what was written of runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunStats {
  /** Writes that are on the disk, or that a server has. */
  readonly accepted: number
  /** Writes that are lost: the disk was full, for instance. */
  readonly lost: number
  /** Why the last of them is lost. */
  readonly lastError: string | null
  /** Runs that were posted when they ended, and those that could not be; `narrative runs post` tries these again. */
  readonly posted: number
  readonly unposted: number
  /** Ids of one's own that could not be used, by reason. */
  readonly refusedIds: { readonly [reason: string]: number }
}

/**
 * Nothing here fails because a write does: it is counted and logged, and the program goes on.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunsService {
  /** @internal */
  readonly write: (write: Write) => Effect.Effect<void>
  /** The id for a run, which may be asked for. @internal */
  readonly claim: (asked: string | undefined, agentName: string, now: number) => string
  /** Gives an id back, when its run is over. @internal */
  readonly release: (id: string) => void
  /** What every run is given, unless it says otherwise. @internal */
  readonly defaults: Effect.Effect<Changes>
  /** The runs as they are now, the newest first. */
  readonly records: Effect.Effect<ReadonlyArray<RunRecord>, HistoryError>
  /** What happened in a run, in the order in which it happened. */
  readonly events: (runId: string) => Effect.Effect<ReadonlyArray<RunEvent>, HistoryError>
  /** Ends the runs that nothing will end any more, and gives them as they were. */
  readonly sweep: (options: SweepOptions) => Effect.Effect<ReadonlyArray<RunRecord>, HistoryError>
  readonly stats: Effect.Effect<RunStats>
}

/**
 * Where a program's runs are written. Without a layer they are written nowhere, and a tracked effect is only a story.
 *
 * @since 0.1.0
 * @category services
 */
export class Runs extends Context.Reference<Runs>()("effect-narrative/Runs", {
  defaultValue: (): RunsService => make(nowhere)
}) {}

/** Where writes go. */
export interface RunSink extends Pick<RunsService, "records" | "events"> {
  /** The runs that have no end, of this agent or of all. */
  readonly running: SweptRuns["running"]
  /** Ends when what was written will be kept, whatever happens. */
  readonly write: (write: Write) => Effect.Effect<void, Error>
  /** How a program waits for what becomes of a write: until it is known, unless this says otherwise. */
  readonly wait?: ((settled: Effect.Effect<void>) => Effect.Effect<void>) | undefined
  readonly defaults: Effect.Effect<Changes>
  /** A run as it is now. */
  readonly run: (eventId: string) => Effect.Effect<RunRecord | undefined, HistoryError>
  /** What was kept at first, and is lost all the same: a server refused it. */
  readonly refused?: Effect.Effect<Pick<RunStats, "lost" | "lastError">> | undefined
}

const nowhere: RunSink = {
  run: () => Effect.succeed(undefined),
  write: () => Effect.void,
  records: Effect.succeed([]),
  events: () => Effect.succeed([]),
  running: () => Effect.succeed([]),
  defaults: Effect.succeed({})
}

/** @internal */
export const make = (sink: RunSink, posting?: Posting): RunsService => {
  const active = new Set<string>()
  const refusedIds: Record<string, number> = {}
  let accepted = 0
  let lost = 0
  let lastError: string | null = null
  const fail = (reason: string): Effect.Effect<void> => {
    lost += 1
    lastError = reason
    return isDue(lost)
      ? warning(`A write of a run is lost (${lost} so far); the program goes on: ${reason}`)
      : Effect.void
  }
  const wait = sink.wait ?? identity
  const write: RunsService["write"] = (write) => wait(settled(write))
  const settled = (write: Write): Effect.Effect<void> =>
    Effect.matchCauseEffect(withoutNarration(sink.write(write)), {
      onSuccess: () => {
        accepted += 1
        return posting !== undefined && isEnd(write) ? posting.ended(write.event_id) : Effect.void
      },
      onFailure: (cause) => fail(cause._tag === "Fail" ? cause.error.message : String(cause))
    })
  return {
    write,
    sweep: (options) => sweep({ running: sink.running, write }, options),
    claim: (asked, agentName, now) => {
      const fault = asked === undefined ? undefined : runId.faultOf(asked)
      if (fault !== undefined) refusedIds[fault] = (refusedIds[fault] ?? 0) + 1
      const id = asked === undefined || fault !== undefined ? runId.make(agentName, now) : asked
      const free = active.has(id) ? runId.duplicateOf(id) : id
      active.add(free)
      return free
    },
    release: (id) => void active.delete(id),
    defaults: sink.defaults,
    records: sink.records,
    events: sink.events,
    stats: Effect.map(sink.refused ?? Effect.succeed({ lost: 0, lastError: null }), (refused) => ({
      accepted: accepted - refused.lost,
      lost: lost + refused.lost,
      lastError: lastError ?? refused.lastError,
      ...(posting?.counts() ?? { posted: 0, unposted: 0 }),
      refusedIds: { ...refusedIds }
    }))
  }
}

const isEnd = (write: Write): write is Extract<Write, { readonly record_type: "run" }> =>
  write.record_type === "run" && isTerminal(write.changes.status)
