import { setImmediate as turn } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  status,
  type UntypedServiceImplementation
} from "@grpc/grpc-js"
import { Effect, FastCheck } from "effect"
import { NarrativeEvent } from "../../../src/index.js"
import { NarrativeGrpc } from "../../../src/integration/grpc/index.js"
import { Narrator } from "../../../src/promise/index.js"
import { pausesOf, thousandPauses } from "../../promise/pauses.js"
import { recorder } from "../http/servers.js"
import { connect, serve } from "./shop.js"

type Reply = (error: Partial<ServiceError> | null, value?: unknown) => void

const implementation = (
  narrator: Narrator.Narrator,
  pause: () => Promise<unknown> = turn
): UntypedServiceImplementation => ({
  Reserve: async ({ request }: ServerUnaryCall<string, unknown>, reply: Reply) => {
    try {
      await pause()
      const reserved = await narrator.stage("Reserve Stock", async () => {
        await pause()
        narrator.note("reserved", request)
        if (request === "broken") throw new Error("the disk is full")
        return { item: request, for: narrator.correlation().requestId }
      })
      if (request === "never") return
      if (request === "none") return reply({ code: status.NOT_FOUND, details: "no such item" })
      reply(null, reserved)
    } catch (error) {
      reply(error as Error)
    }
  },
  Import: (call: ServerReadableStream<number, unknown>, reply: Reply) => {
    let sum = 0
    call.on("data", (value: number) => {
      sum += value
      narrator.note("row", value)
    })
    call.on("end", () => reply(null, sum))
  },
  Watch: async (call: ServerWritableStream<string, unknown>) => {
    for (const i of [1, 2, 3]) {
      await narrator.stage("Tick", () => turn())
      call.write(i)
    }
    if (call.request === "broken") call.emit("error", new Error("the tape tore"))
    else if (call.request !== "endless") call.end()
  },
  Chat: (call: ServerDuplexStream<string, string>) => {
    call.on("data", (text: string) => narrator.stage("Answer", () => call.write(text.toUpperCase())))
    call.on("end", () => call.end())
  }
})

const unary = (
  client: Client & Record<string, (...args: ReadonlyArray<unknown>) => never>,
  request: unknown,
  ...more: ReadonlyArray<unknown>
) =>
  new Promise<unknown>((resolve) => {
    client.Reserve?.(request, ...more, (error: ServiceError | null, value: unknown) =>
      resolve(error === null ? value : `${status[error.code]}: ${error.details}`)
    )
  })

const collected = (stream: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>) =>
  new Promise<ReadonlyArray<unknown>>((resolve) => {
    const all: Array<unknown> = []
    stream.on("data", (value) => all.push(value))
    stream.on("error", (error: ServiceError) => resolve([...all, error.details]))
    stream.on("end", () => resolve(all))
  })

/** A server with stories, and one without. */
const startedWith = (pauseOf: (narrator: Narrator.Narrator) => () => Promise<unknown>) =>
  Effect.gen(function* () {
    const recorded = recorder()
    const narrator = yield* Effect.acquireRelease(
      Effect.promise(() => Narrator.make(recorded.layer)),
      (narrator) => Effect.promise(narrator.dispose)
    )
    const handlers = implementation(narrator, pauseOf(narrator))
    const address = yield* serve(NarrativeGrpc.handlers(narrator, handlers), [NarrativeGrpc.server(narrator)])
    return { ...recorded, narrator, address, bare: yield* serve(handlers) }
  })

const started = startedWith(() => turn)

describe("The story of a call", () => {
  it.scopedLive("is made of each kind of call, with what its handler does in it, and answers are the same", () =>
    Effect.gen(function* () {
      const { address, afterStories, bare, events } = yield* started
      const answers = async (client: Client & Record<string, (...args: ReadonlyArray<unknown>) => never>) => {
        const watched = (request: string) =>
          collected(client.Watch?.(request) as unknown as ClientReadableStream<unknown>)
        const imported = new Promise<unknown>((resolve) => {
          const stream = client.Import?.((_: unknown, sum: unknown) =>
            resolve(sum)
          ) as unknown as ClientWritableStream<number>
          for (const value of [1, 2, 3]) stream.write(value)
          stream.end()
        })
        const chat = client.Chat?.() as unknown as ClientDuplexStream<string, string>
        chat.write("hello")
        chat.end()
        const metadata = new Metadata()
        metadata.set("x-request-id", "r-1")
        return {
          reserved: (await unary(client, "tea")) !== undefined,
          named: await unary(client, "tea", metadata).then((value) => Object(value).item),
          none: await unary(client, "none"),
          broken: await unary(client, "broken"),
          imported: await imported,
          watched: await watched("all"),
          torn: await watched("broken"),
          chat: await collected(chat)
        }
      }
      const expected = yield* connect(bare).pipe(Effect.flatMap((client) => Effect.promise(() => answers(client))))
      const found = yield* connect(address).pipe(Effect.flatMap((client) => Effect.promise(() => answers(client))))
      assert.deepStrictEqual(found, expected)
      assert.deepInclude(found, { none: "NOT_FOUND: no such item", imported: 6, watched: [1, 2, 3], chat: ["HELLO"] })
      const ended = yield* afterStories(8)
      assert.deepStrictEqual(
        ended.map(({ kind, outcome, status, storyName }) => [storyName, kind, status, outcome]).sort(),
        [
          ["/shop.Orders/Chat", "rpc", "success", "OK"],
          ["/shop.Orders/Import", "rpc", "success", "OK"],
          ["/shop.Orders/Reserve", "rpc", "failed", "UNKNOWN"],
          ["/shop.Orders/Reserve", "rpc", "success", "NOT_FOUND"],
          ["/shop.Orders/Reserve", "rpc", "success", "OK"],
          ["/shop.Orders/Reserve", "rpc", "success", "OK"],
          ["/shop.Orders/Watch", "rpc", "failed", "UNKNOWN"],
          ["/shop.Orders/Watch", "rpc", "success", "OK"]
        ]
      )
      const inside = events.flatMap((event) =>
        event._tag === "StageCompleted" ? [event.stageName] : event._tag === "EventRecorded" ? [event.name] : []
      )
      for (const name of ["Reserve Stock", "Tick", "Answer", "row"]) assert.include(inside, name)
      const failures = events.filter((event) => event._tag === "FailureOccurred").map(({ failures }) => failures[0])
      assert.deepStrictEqual(failures.map(({ errorMessage }) => errorMessage).sort(), [
        "the disk is full",
        "the tape tore"
      ])
      const broken = failures.find(({ errorMessage }) => errorMessage === "the disk is full")
      assert.strictEqual(broken?.stageName, "Reserve Stock")
      assert.include(broken?.location?.sourceLine, 'throw new Error("the disk is full")')
    })
  )

  it.scopedLive("times out with its deadline, and is cancelled with the call", () =>
    Effect.gen(function* () {
      const { address, afterStories } = yield* started
      const client = yield* connect(address)
      const late = yield* Effect.promise(() => unary(client, "never", { deadline: Date.now() + 100 }))
      assert.include(late, "DEADLINE_EXCEEDED")
      const [timedOut] = yield* afterStories(1)
      assert.deepInclude(timedOut, { status: "timeout", outcome: "DEADLINE_EXCEEDED" })
      const watching = client.Watch?.("endless") as unknown as ClientReadableStream<unknown>
      watching.on("error", () => {})
      watching.on("data", (i) => {
        if (i === 3) watching.cancel()
      })
      const [, cancelled] = yield* afterStories(2)
      assert.deepInclude(cancelled, { status: "cancelled", outcome: "CANCELLED" })
    })
  )

  it.scopedLive("is not made of what is skipped, and is named as asked", () =>
    Effect.gen(function* () {
      const { afterStories, ended, narrator } = yield* started
      const address = yield* serve(implementation(narrator), [
        NarrativeGrpc.server(narrator, {
          skip: (path) => path.endsWith("Watch"),
          naming: (path) => path.slice(1),
          trustHeaders: false
        })
      ])
      const client = yield* connect(address)
      yield* Effect.promise(() => collected(client.Watch?.("all") as unknown as ClientReadableStream<unknown>))
      const metadata = new Metadata()
      metadata.set("x-request-id", "forged")
      yield* Effect.promise(() => unary(client, "tea", metadata))
      yield* afterStories(1)
      assert.deepStrictEqual(
        ended().map(({ storyName }) => storyName),
        ["shop.Orders/Reserve"]
      )
      assert.notStrictEqual(ended()[0]?.correlation?.requestId, "forged")
    })
  )

  it.scopedLive("knows who asked: 1,000 concurrent calls that wake each other are never mixed up", () =>
    Effect.gen(function* () {
      const [kinds = []] = FastCheck.sample(thousandPauses, { numRuns: 1, seed: 12 })
      let pauses = 0
      const { address, afterStories, events } = yield* startedWith((narrator) => {
        const pause = pausesOf(narrator)
        return () => pause(kinds[pauses++ % kinds.length] ?? 0)
      })
      const client = yield* connect(address)
      const answers = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, i) => i),
        (i) =>
          Effect.promise(() => {
            const metadata = new Metadata()
            metadata.set("x-request-id", `r-${i}`)
            return unary(client, `item ${i}`, metadata)
          }),
        { concurrency: "unbounded" }
      )
      answers.forEach((answer, i) => {
        assert.deepStrictEqual(answer, { item: `item ${i}`, for: `r-${i}` })
      })
      const ended = yield* afterStories(1_000)
      assert.lengthOf(ended, 1_000)
      const asked = new Map(ended.map(({ correlation, storyId }) => [storyId, correlation?.requestId]))
      const notes = events.filter((event) => event._tag === "EventRecorded")
      assert.lengthOf(notes, 1_000)
      const mixedUp = notes.filter(({ data, storyId }) => String(data).replace("item ", "r-") !== asked.get(storyId))
      assert.lengthOf(mixedUp, 0)
    })
  )
})

describe("A call of a client", () => {
  it.scopedLive("is a stage, inside which the server's story is", () =>
    Effect.gen(function* () {
      const { address, afterStories, events, narrator } = yield* started
      const client = yield* connect(address, { interceptors: [NarrativeGrpc.client(narrator)] })
      const answers = yield* Effect.promise(() =>
        narrator.story("Order", { correlation: { requestId: "r-1", tenant: "Fjord Tea" } }, async () => [
          await unary(client, "tea"),
          await unary(client, "none")
        ])
      )
      assert.deepStrictEqual(answers, [{ item: "tea", for: "r-1" }, "NOT_FOUND: no such item"])
      const ended = yield* afterStories(3)
      const stages = events
        .filter((event) => event._tag === "StageStarted" || NarrativeEvent.isStageEnded(event))
        .filter(({ storyName }) => storyName === "Order")
      assert.deepStrictEqual(
        stages.map((event) => [event._tag, event.stageName]),
        [
          ["StageStarted", "/shop.Orders/Reserve"],
          ["StageCompleted", "/shop.Orders/Reserve"],
          ["StageStarted", "/shop.Orders/Reserve"],
          ["StageFailed", "/shop.Orders/Reserve"]
        ]
      )
      const served = ended.find(({ storyName }) => storyName === "/shop.Orders/Reserve") ?? assert.fail("no story")
      const [stage] = stages
      assert.strictEqual(served.correlation?.spanId ?? null, stage?.spanId ?? "none")
      assert.strictEqual(served.traceId, stage?.traceId)
      assert.strictEqual(served.correlation?.tenant, "Fjord Tea")
    })
  )
})
