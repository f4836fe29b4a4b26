/**
 * What a framework's requests have to be as stories, whatever the framework.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import type { Narrator } from "../../src/promise/index.js"
import type { RecordedStory } from "../../src/testing/index.js"
import { type Recorded, recorded } from "../promise/narrators.js"
import { pausesOf, thousandPauses } from "../promise/pauses.js"
import { abort, exchange, pipelined, requestOf } from "./raw.js"

/** What handlers narrate with; it does nothing in an app without a narrator. */
export type Stage = <A>(name: string, f: () => A) => A

export interface ServerOptions {
  readonly narrator: Pick<Narrator.Narrator, "open"> | undefined
  readonly stage: Stage
  readonly sendHeaders: boolean
  /** What `GET /mixed/:id` does before it answers. */
  readonly mixed: (id: string) => Promise<string>
}

export interface Server {
  readonly port: number
  readonly close: () => Promise<void>
}

export interface Framework {
  readonly name: string
  readonly serve: (options: ServerOptions) => Promise<Server>
  /** What the framework answers before any plugin sees the request. */
  readonly unseen?: ReadonlyArray<string>
  /** What the failure of a response is reported as that had begun, if the framework shows it. */
  readonly lateFailure: string | undefined
}

export class StockError extends Error {
  override readonly name = "StockError"
}

/** Connections that wait to be accepted: of a thousand at once, Node's default of 511 may reset some. */
export const backlog = 2_048

export const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

const bareStage: Stage = (_name, f) => f()

/** Requests of every kind: good, failing, streaming and slow. */
const corpus: ReadonlyArray<readonly [method: string, path: string, body?: string]> = [
  ["GET", "/orders/7"],
  ["GET", "/orders/7?secret=1"],
  ["HEAD", "/orders/7"],
  ["GET", "/api/v1/items/3/parts/4"],
  ["GET", "/text"],
  ["GET", "/empty"],
  ["GET", "/redirect"],
  ["GET", "/nowhere"],
  ["DELETE", "/orders/7"],
  ["POST", "/echo", '{"a":1}'],
  ["POST", "/echo", '{"a":'],
  ["GET", "/throws"],
  ["GET", "/rejects"],
  ["GET", "/declared"],
  ["GET", "/stream"],
  ["GET", "/slow"],
  ["GET", "/late"],
  ["GET", "/bad%"]
]

const withoutDate = (response: string): string => response.replace(/^date: .*\r\n/im, "")

const withoutCorrelation = (response: string): string => response.replace(/^x-correlation-id: .*\r\n/im, "")

const untilEnded = async ({ events, stories }: Recorded): Promise<ReadonlyArray<RecordedStory>> => {
  const running = () =>
    events().reduce((count, { _tag }) => count + (_tag === "StoryStarted" ? 1 : _tag === "StoryCompleted" ? -1 : 0), 0)
  while (running() > 0) await wait(10)
  return stories()
}

export const requestSuite = (framework: Framework): void => {
  const { serve } = framework
  const mixed = (id: string) => Promise.resolve(id)

  const serving = async <A>(options: ServerOptions, f: (port: number) => Promise<A>): Promise<A> => {
    const server = await serve(options)
    try {
      return await f(server.port)
    } finally {
      await server.close()
    }
  }

  /** Serves with a narrator whose stories are recorded. */
  const narrated = (
    f: (port: number, recorded: Recorded) => Promise<void>,
    mixedWith: (recorded: Recorded) => ServerOptions["mixed"] = () => mixed,
    sendHeaders = true
  ): Promise<void> =>
    recorded((recorded) => {
      const { narrator } = recorded
      const stage: Stage = (name, f) => narrator.stage(name, f) as ReturnType<typeof f>
      return serving({ narrator, stage, sendHeaders, mixed: mixedWith(recorded) }, (port) => f(port, recorded))
    })

  describe(`Requests of ${framework.name}`, () => {
    it("have the same responses as without, byte for byte, and one story each, ended once", async () => {
      const send = async (port: number) => {
        const responses: Array<string> = []
        for (const [method, path, body] of corpus) {
          responses.push(withoutDate(await exchange(port, requestOf(method, path, body))))
        }
        return responses
      }
      const bare = await serving({ narrator: undefined, stage: bareStage, sendHeaders: false, mixed }, send)
      const seen = corpus.filter(([, path]) => framework.unseen?.includes(path) !== true).length
      await narrated(
        async (port, recorded) => {
          assert.deepStrictEqual(await send(port), bare)
          const stories = await untilEnded(recorded)
          assert.lengthOf(stories, seen)
          const ends = recorded.events().filter(({ _tag }) => _tag === "StoryCompleted")
          assert.lengthOf(ends, seen)
        },
        undefined,
        false
      )
      await narrated(async (port) => {
        const responses = await send(port)
        assert.deepStrictEqual(responses.map(withoutCorrelation), bare)
        for (const response of responses.slice(0, 5)) assert.match(response, /^x-correlation-id: [0-9a-f-]{36}\r$/im)
      })
    })

    it("are named by their route, and end as the response does", () =>
      narrated(async (port, recorded) => {
        for (const [method, path, body] of corpus) await exchange(port, requestOf(method, path, body))
        const stories = await untilEnded(recorded)
        const lines = stories.map(({ name, outcome, status }) => `${name} ${status} ${outcome}`)
        assert.includeMembers(lines, [
          "GET /orders/:id success 200",
          "HEAD /orders/:id success 200",
          "GET /api/:version/items/:item/parts/:part success 200",
          "GET /empty success 204",
          "GET /redirect success 302",
          "GET success 404",
          "POST /echo success 200",
          "POST /echo success 400",
          "GET /throws failed 500",
          "GET /rejects failed 500",
          "GET /declared success 409",
          "GET /stream success 200",
          "GET /slow success 200"
        ])
        const late = stories.find(({ name }) => name === "GET /late")
        assert.strictEqual(late?.status, "failed")
        assert.strictEqual(late?.failure?.failures[0].errorMessage, framework.lateFailure)
        const [order] = stories
        assert.strictEqual(order?.kind, "request")
        assert.deepInclude(order?.attributes, {
          "http.request.method": "GET",
          "url.path": "/orders/7",
          "http.route": "/orders/:id",
          "http.response.status_code": 200
        })
        assert.deepStrictEqual(
          order?.stages.map(({ name }) => name),
          ["Load Order"]
        )
      }))

    it("report a failure with the stage, and the line of the handler", () =>
      narrated(async (port, recorded) => {
        await exchange(port, requestOf("GET", "/rejects"))
        const [story] = await untilEnded(recorded)
        const failure = story?.failure?.failures[0]
        assert.strictEqual(failure?.errorType, "StockError")
        assert.strictEqual(failure?.stageName, "Reserve")
        assert.match(failure?.location?.sourceLine ?? "", /throw new StockError/)
        assert.match(failure?.location?.file ?? "", /\.test\.ts$/)
      }))

    it("that a client leaves are cancelled, before the response and in it", () =>
      narrated(async (port, recorded) => {
        await abort(port, "/hang", 30)
        await abort(port, "/endless", "first byte")
        const stories = await untilEnded(recorded)
        assert.deepStrictEqual(
          stories.map(({ name, status }) => `${name} ${status}`),
          ["GET /hang cancelled", "GET /endless cancelled"]
        )
      }))

    it("that are skipped are no story", () =>
      narrated(async (port, recorded) => {
        assert.match(await exchange(port, requestOf("GET", "/health")), / 200 /)
        assert.lengthOf(recorded.stories(), 0)
      }))

    it("take in who asked, and say it in the response", () =>
      narrated(async (port, recorded) => {
        const headers = {
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "x-correlation-id": "c-1",
          "x-request-id": "r-1"
        }
        const response = await exchange(port, requestOf("GET", "/orders/7", "", headers))
        assert.match(response, /^x-correlation-id: c-1\r$/im)
        assert.match(response, /^x-request-id: r-1\r$/im)
        await untilEnded(recorded)
        const [started] = recorded.events()
        assert.strictEqual(started?.traceId, "0af7651916cd43dd8448eb211c80319c")
      }))

    it("under one route have one name, whatever their 10,000 paths", () =>
      narrated(async (port, recorded) => {
        const connections = Array.from({ length: 10 }, (_, i) =>
          Array.from({ length: 1_000 }, (_, j) => `/orders/order-${i * 1_000 + j}`)
        )
        const answered = await Promise.all(connections.map((paths) => pipelined(port, paths)))
        assert.deepStrictEqual(
          answered,
          connections.map(() => 1_000)
        )
        const stories = await untilEnded(recorded)
        assert.lengthOf(stories, 10_000)
        assert.deepStrictEqual(Array.from(new Set(stories.map(({ name }) => name))), ["GET /orders/:id"])
      }))

    it("do not get mixed up: 1,000 at once, that wait for each other in every way", async () => {
      const [waits = []] = FastCheck.sample(thousandPauses, { numRuns: 1, seed: 12 })
      await narrated(
        async (port, recorded) => {
          const ids = Array.from({ length: 1_000 }, (_, i) => `c-${i}`)
          const responses = await Promise.all(
            ids.map((id) => exchange(port, requestOf("GET", `/mixed/${id}`, "", { "x-correlation-id": id })))
          )
          const wrong = responses.filter((response, i) => !response.endsWith(`c-${i}|c-${i}|c-${i}`))
          assert.deepStrictEqual(wrong, [])
          const stories = await untilEnded(recorded)
          assert.lengthOf(stories, 1_000)
          const mixedUp = stories.filter(({ attributes, notes, stages }) => {
            const id = attributes["id"]
            const said = [...notes.map(({ data }) => data), ...stages.map(({ attributes }) => attributes["id"])]
            return said.length !== 3 || said.some((one) => one !== id)
          })
          assert.lengthOf(mixedUp, 0)
        },
        (recorded) => mixing(recorded, waits)
      )
    })
  })
}

/** A handler whose requests wake each other, and say who they are in between. */
const mixing = ({ narrator }: Recorded, waits: ReadonlyArray<number>): ServerOptions["mixed"] => {
  const pause = pausesOf(narrator)
  let calls = 0
  return async (id) => {
    const call = calls++
    const kindOf = (step: number) => waits[(call * 3 + step) % waits.length] ?? 0
    narrator.annotate("id", id)
    const first = narrator.correlation().correlationId
    await pause(kindOf(0))
    narrator.note("said", id)
    await narrator.stage("Outer", async () => {
      narrator.annotate("id", id)
      await pause(kindOf(1))
      await narrator.runPromise(
        Effect.promise(async () => {
          await pause(kindOf(2))
          narrator.note("said", narrator.correlation().correlationId)
        })
      )
    })
    return `${id}|${first}|${narrator.correlation().correlationId}`
  }
}
