/**
 * Runs that go to a server: each write is in an outbox on this disk when it is accepted, and is sent from there in order, now
 * or when the server can be reached again. The program never waits for the server.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { HistoryError } from "../history/HistoryError.js"
import { parseJson } from "../plain/wireSchema.js"
import { withoutNarration } from "../runtime/muting.js"
import { Permits } from "../runtime/permits.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"
import { inBackground } from "./background.js"
import { withGit } from "./embedded.js"
import * as httpJson from "./httpJson.js"
import * as journal from "./journal.js"
import * as journalLine from "./journalLine.js"
import * as outbox from "./outbox.js"
import { RunEvent, RunRecord } from "./RunRecord.js"
import type { RunSink } from "./Runs.js"
import type { Changes } from "./runColumns.js"

export interface RemoteSettings {
  readonly server: httpJson.Server
  /** The folder of what the server has not taken yet. */
  readonly outbox: string
  /** What every run is given, unless it says otherwise. */
  readonly defaults: Changes
  /** The folder whose repository is noted. `undefined`: none. */
  readonly repository: string | undefined
}

/** How long after a write the outbox is sent, so that writes of one moment are one request. */
const gatheredFor = Duration.millis(25)
/** How long an answer is waited for. */
const timeout = Duration.seconds(10)
/** How long a write that no disk takes waits for the server. */
const directTimeout = Duration.seconds(2)
/** How long the server is left alone after it could not be reached; twice as long each time, up to the second. */
const [firstRest, longestRest] = [250, 30_000]
/** How often is looked for lines of other processes, and whether another process still sends. */
const lookEvery = Duration.seconds(1)
/** How long what is left is sent when the scope is closed; the next start sends the rest. */
const shutdownTimeout = Duration.seconds(5)

/** @internal */
export const make = (settings: RemoteSettings): Effect.Effect<RunSink, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const sender = makeSender(settings, client)
    const signal = yield* Queue.sliding<void>(1)
    yield* background(signal, sender.sendAll)
    yield* Effect.addFinalizer(() => Effect.sync(() => outbox.leave(settings.outbox)))
    yield* Effect.addFinalizer(() =>
      Effect.interruptible(sender.sendAll).pipe(
        Effect.timeoutFail({ duration: shutdownTimeout, onTimeout: () => tooSlow }),
        Effect.catchAll((error) => warning(`Runs are left in the outbox; the next start sends them: ${error.message}`))
      )
    )
    const lines = yield* journal.make(settings.outbox)
    yield* Queue.offer(signal, undefined)
    return {
      write: (write) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.zipRight(lines.append(journalLine.encode(write), now), Queue.offer(signal, undefined))
        ).pipe(
          Effect.asVoid,
          // A disk that takes no more is no reason to lose what the server would take.
          Effect.catchTag("JournalError", (error) => Effect.mapError(sender.sendDirectly(write), () => error))
        ),
      defaults: yield* withGit(settings),
      refused: Effect.sync(sender.refused),
      ...reading(settings.server, client, sender.sendAll)
    } satisfies RunSink
  })

interface Sender {
  /** Sends what is in the outbox, unless another process does. */
  readonly sendAll: Effect.Effect<void, httpJson.RequestFailed>
  readonly sendDirectly: (write: journalLine.Write) => Effect.Effect<void, httpJson.RequestFailed>
  readonly refused: () => { readonly lost: number; readonly lastError: string | null }
}

const makeSender = ({ outbox: folder, server }: RemoteSettings, client: HttpClient.HttpClient): Sender => {
  const alone = new Permits(1)
  const refused = { lost: 0, lastError: null as string | null }
  let isReachable = true
  const send = (writes: ReadonlyArray<journalLine.Write>, within: Duration.Duration) => {
    const body = `[${writes.map((write) => journalLine.encode(write).trimEnd()).join(",")}]`
    return httpJson.request(server, "POST", "/api/v1/writes", within, body).pipe(
      Effect.provideService(HttpClient.HttpClient, client),
      Effect.tapBoth({
        onSuccess: () => Effect.sync(() => (isReachable = true)),
        onFailure: () => Effect.sync(() => (isReachable = false))
      }),
      Effect.flatMap(({ text }) => Effect.forEach(refusalsIn(text), refuse, { discard: true }))
    )
  }
  const refuse = (detail: string) => {
    refused.lost += 1
    refused.lastError = `the server refused a write: ${detail}`
    return isDue(refused.lost)
      ? warning(`A write of a run is lost (${refused.lost} so far); ${refused.lastError}`)
      : Effect.void
  }
  /** In halves, where the server takes no body that long; what is too long alone is lost. */
  const sendSome = (writes: ReadonlyArray<journalLine.Write>): Effect.Effect<void, httpJson.RequestFailed> =>
    Effect.catchIf(
      writes.length === 0 ? Effect.void : send(writes, timeout),
      ({ status }) => status === 413,
      (error) => {
        const half = Math.ceil(writes.length / 2)
        return writes.length < 2
          ? refuse(error.message)
          : Effect.zipRight(sendSome(writes.slice(0, half)), sendSome(writes.slice(half)))
      }
    )
  const sendAll = Effect.gen(function* () {
    while (outbox.isSender(folder)) {
      const batch = outbox.next(folder)
      if (batch === undefined) return
      for (const text of batch.unread) {
        yield* warning(`The outbox of runs in ${folder} has a line that cannot be read, and is left out: ${text}`)
      }
      yield* sendSome(batch.writes)
      yield* Effect.sync(batch.taken)
    }
  })
  return {
    sendAll: alone.run(sendAll),
    sendDirectly: (write) => (isReachable ? send([write], directTimeout) : unreachable),
    refused: () => ({ ...refused })
  }
}

const failure = (reason: httpJson.RequestFailed["reason"], detail = "") =>
  new httpJson.RequestFailed({ reason, status: null, detail, retryAfter: null })

const unreachable = failure("Unreachable")

const tooSlow = failure("Timeout")

const Answer = Schema.parseJson(Schema.Struct({ errors: Schema.Array(Schema.Struct({ detail: Schema.Unknown })) }))

/** What the server says of writes that it did not take, though it took the others. */
const refusalsIn = (text: string): ReadonlyArray<string> => {
  const answer = Schema.decodeUnknownOption(Answer)(text)
  return answer._tag === "None" ? [] : answer.value.errors.map(({ detail }) => JSON.stringify(detail))
}

/** Sends again and again until the scope is closed. What fails is logged at its 1st, 2nd, 4th, … time, and tried again. */
const background = (signal: Queue.Queue<void>, sendAll: Sender["sendAll"]): Effect.Effect<void, never, Scope.Scope> => {
  let failures = 0
  let rest = firstRest
  const next = Effect.zipRight(Effect.timeoutOption(Queue.take(signal), lookEvery), Effect.sleep(gatheredFor))
  const step = Effect.matchEffect(Effect.zipRight(next, sendAll), {
    onSuccess: () =>
      Effect.sync(() => {
        failures = 0
        rest = firstRest
      }),
    onFailure: (error) => {
      failures += 1
      const pause = Duration.max(error.retryAfter ?? Duration.zero, Duration.millis(rest))
      rest = Math.min(rest * 2, longestRest)
      const logged = isDue(failures)
        ? warning(`Runs are kept in the outbox until the server takes them; this is tried again: ${error.message}`)
        : Effect.void
      return Effect.zipRight(logged, Effect.sleep(Duration.min(pause, Duration.millis(longestRest))))
    }
  })
  return inBackground(step)
}

/** Most runs that are read at a time. */
const page = 1_000

/** What the server has, with all that was accepted here, if it can be reached. */
const reading = (
  server: httpJson.Server,
  client: HttpClient.HttpClient,
  sendAll: Sender["sendAll"]
): Pick<RunSink, "running" | "run" | "records" | "events"> => {
  const ask = <A, I>(path: string, schema: Schema.Schema<A, I>) =>
    sendAll.pipe(
      Effect.zipRight(httpJson.request(server, "GET", path, timeout)),
      Effect.provideService(HttpClient.HttpClient, client),
      Effect.flatMap(({ headers, text }) =>
        Effect.map(
          Effect.flatMap(
            Effect.try(() => parseJson(text)),
            Schema.decodeUnknown(schema)
          ),
          (value) => ({ value, headers })
        )
      ),
      Effect.mapError((error) => (error._tag === "RequestFailed" ? error : notUnderstood)),
      withoutNarration
    )
  const list = (query: string) => Effect.map(ask(`/api/v1/runs?limit=${page}${query}`, Runs), ({ value }) => value)
  return {
    records: Effect.mapError(list(""), unread),
    running: (agentName) =>
      Effect.gen(function* () {
        const query = agentName === undefined ? "" : `&agent_name=${encodeURIComponent(agentName)}`
        const found: Array<RunRecord> = []
        let cursor = ""
        do {
          const { headers, value } = yield* ask(`/api/v1/runs?limit=${page}&status=running${query}${cursor}`, Runs)
          found.push(...value)
          const next = headers["x-next-cursor"]
          cursor = next === undefined ? "" : `&cursor=${encodeURIComponent(next)}`
        } while (cursor !== "")
        return found.toReversed()
      }).pipe(Effect.mapError(unread)),
    run: (eventId) =>
      ask(`/api/v1/runs/${encodeURIComponent(eventId)}`, RunRecord).pipe(
        Effect.map(({ value }) => value),
        Effect.catchIf(
          ({ status }) => status === 404,
          () => Effect.succeed(undefined)
        ),
        Effect.mapError(unread)
      ),
    events: (runId) =>
      Effect.mapBoth(ask(`/api/v1/run-events?run_id=${encodeURIComponent(runId)}`, Schema.Array(RunEvent)), {
        onSuccess: ({ value }) => value,
        onFailure: unread
      })
  }
}

const Runs = Schema.Array(RunRecord)

const notUnderstood = failure("Refused", "its answer is not that of a server of runs")

const unread = (error: httpJson.RequestFailed): HistoryError =>
  new HistoryError({
    filename: null,
    reason: error.reason === "Refused" ? "QueryFailed" : "CannotOpen",
    detail: `of the server cannot be read: ${error.message}`,
    cause: error
  })
