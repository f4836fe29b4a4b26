import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { connect, createServer as createServer2 } from "node:http2"
import { type AddressInfo, connect as connectTo, type Server } from "node:net"
import { pipeline, Readable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import { follow, sendWith } from "../../src/integration/nodeResponses.js"
import { begin } from "../../src/integration/requests.js"
import type { RecordedStory } from "../../src/testing/index.js"
import { recorded } from "../promise/narrators.js"
import { exchange, requestOf } from "./raw.js"
import { wait } from "./requestSuite.js"

type Answer = (response: ServerResponse) => void

/** A server whose requests are stories that say who asked. */
const answering = <A>(
  answer: Answer,
  server: (listener: RequestListener) => Server,
  ask: (port: number, stories: () => ReadonlyArray<RecordedStory>) => Promise<A>
) =>
  recorded(async ({ narrator, stories }) => {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      const incoming = { method: "GET", path: "/", route: "/", headers: request.headers }
      const story = begin(narrator, {}, request, incoming)
      if (story === undefined) throw new Error("skipped")
      follow(request, response, story)
      sendWith(response, story.headers)
      story.run(() => answer(response))
    }
    const listening = server(listener)
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve))
    try {
      return await ask((listening.address() as AddressInfo).port, stories)
    } finally {
      await new Promise((resolve) => listening.close(resolve))
    }
  })

const received = (answer: Answer): Promise<string> =>
  answering(answer, createServer, (port) => exchange(port, requestOf("GET", "/", "", { "x-correlation-id": "c-1" })))

const begun: ReadonlyArray<readonly [name: string, answer: Answer]> = [
  ["an object", (response) => response.writeHead(200, { "x-own": "1" }).end("ok")],
  ["a reason and an object", (response) => response.writeHead(200, "Fine", { "x-own": "1" }).end("ok")],
  ["a list", (response) => response.writeHead(200, ["x-own", "1"]).end("ok")],
  ["a status", (response) => response.setHeader("x-own", "1").writeHead(200).end("ok")],
  [
    "some that were set and an object",
    (response) => response.setHeader("x-own", "1").writeHead(200, { a: "b" }).end("ok")
  ],
  [
    "some that were set and a list",
    (response) => response.setHeader("x-own", "1").writeHead(200, ["a", "b"]).end("ok")
  ],
  ["nothing", (response) => void response.setHeader("x-own", "1").end("ok")],
  [
    "a flush",
    (response) => {
      response.setHeader("x-own", "1").flushHeaders()
      response.end("ok")
    }
  ]
]

const own: ReadonlyArray<readonly [name: string, answer: Answer]> = [
  ["set before", (response) => response.setHeader("X-Correlation-ID", "own").writeHead(200, { a: "b" }).end("ok")],
  ["in an object", (response) => response.writeHead(200, { "X-Correlation-Id": "own" }).end("ok")],
  ["in a list", (response) => response.writeHead(200, ["X-Correlation-Id", "own"]).end("ok")]
]

describe("Headers that say who asked", () => {
  it.each(begun)("are sent once with a response that begins with %s, and keep its own", async (_name, answer) => {
    const response = await received(answer)
    assert.deepStrictEqual(response.match(/^x-correlation-id: .*$/gim), ["x-correlation-id: c-1"])
    assert.match(response, /^x-own: 1\r$/im)
    assert.match(response, /ok/)
  })

  it.each(own)("give way to the program's own, %s", async (_name, answer) => {
    const response = await received(answer)
    assert.deepStrictEqual(response.toLowerCase().match(/^x-correlation-id: .*$/gm), ["x-correlation-id: own"])
  })

  it("are left out of an object of headers that the program keeps", async () => {
    const kept = { "x-own": "1" }
    await received((response) => response.writeHead(200, kept).end("ok"))
    assert.deepStrictEqual(kept, { "x-own": "1" })
  })

  it("do not hide that a response was begun twice", async () => {
    let thrown: unknown
    await received((response) => {
      response.writeHead(200, { a: "b" })
      try {
        response.writeHead(500, { a: "b" })
      } catch (error) {
        thrown = error
      }
      response.end("ok")
    })
    assert.propertyVal(thrown, "code", "ERR_HTTP_HEADERS_SENT")
  })

  it("are sent over HTTP/2", () =>
    answering(
      (response) => response.writeHead(200, { "x-own": "1" }).end("ok"),
      // What reads them is the same of both.
      (listener) => createServer2(listener as unknown as Parameters<typeof createServer2>[1]),
      async (port) => {
        const client = connect(`http://127.0.0.1:${port}`)
        const headers = await new Promise<object>((resolve, reject) => {
          client.on("error", reject)
          const request = client.request({ ":path": "/", "x-correlation-id": "c-1" })
          request.on("response", resolve)
          request.on("error", reject)
          request.resume().end()
        })
        await new Promise<void>((resolve) => client.close(resolve))
        assert.deepInclude(headers, { ":status": 200, "x-correlation-id": "c-1", "x-own": "1" })
      }
    ))
})

describe("A response that is broken off", () => {
  const storyOf = (answer: Answer, ask: (port: number) => Promise<unknown>) =>
    answering(answer, createServer, async (port, stories) => {
      await ask(port)
      while (stories()[0]?.status === undefined || stories()[0]?.status === "running") await wait(5)
      return stories()[0]
    })

  it("by what it was read from fails with that error, though the response had begun", async () => {
    const torn = async function* () {
      yield "begun"
      throw Object.assign(new Error("the disk is gone"), { code: "EIO" })
    }
    const story = await storyOf(
      (response) => pipeline(Readable.from(torn()), response, () => undefined),
      (port) => exchange(port, requestOf("GET", "/"))
    )
    assert.strictEqual(story?.status, "failed")
    assert.strictEqual(story?.failure?.failures[0].errorMessage, "the disk is gone")
  })

  it("by the client that reset the connection is cancelled", async () => {
    const story = await storyOf(
      (response) => void response.write("begun"),
      (port) =>
        new Promise<void>((resolve) => {
          const socket = connectTo(port, "127.0.0.1", () => socket.write(requestOf("GET", "/")))
          socket.once("data", () => socket.resetAndDestroy())
          socket.once("close", () => resolve())
        })
    )
    assert.strictEqual(story?.status, "cancelled")
    assert.isUndefined(story?.failure)
  })
})
