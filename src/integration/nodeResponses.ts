/**
 * When the response of a server of Node's has ended, seen by what its request and response emit.
 */
import type { EventEmitter } from "node:events"
import { isObject, propertyOf } from "../plain/untrusted.js"
import type { RequestStory } from "./requests.js"

/** What is read of a request or response of `node:http`, `https` or `http2`. */
export interface NodeMessage extends EventEmitter {}

export interface NodeResponse extends NodeMessage {
  readonly statusCode: number
  readonly headersSent: boolean
  setHeader(name: string, value: string): unknown
}

/**
 * Ends the story with the response. What either of them emits is handled inside the story: a body is read in the context of
 * its connection otherwise.
 *
 * No listener is added: one for `timeout` would keep Node from closing the connection.
 */
export const follow = (
  request: NodeMessage,
  response: NodeResponse,
  story: RequestStory,
  lastError: () => unknown = noError
): void => {
  const followed = new Followed(request, response, story, lastError)
  emitWithin(request, followed)
  emitWithin(response, followed)
  if (response.headersSent) return
  for (const name in story.headers) response.setHeader(name, story.headers[name] ?? "")
}

const noError = (): unknown => undefined

/** A request that is answered. */
class Followed {
  isOver = false
  private isTimedOut = false

  constructor(
    private readonly request: NodeMessage,
    private readonly response: NodeResponse,
    readonly story: RequestStory,
    private readonly lastError: () => unknown
  ) {}

  /** What one of them has emitted. */
  emitted(by: NodeMessage, event: unknown): void {
    if (event === "timeout") this.isTimedOut = true
    else if (by !== this.response || (event !== "finish" && event !== "close")) return
    else {
      this.isOver = true
      const error = this.lastError()
      if (error !== undefined) this.story.fail(error)
      if (event === "finish") this.story.sent(this.response.statusCode)
      else this.story.gone(this.isTimedOut ? "timeout" : whoClosed(this.request, this.response))
    }
  }
}

/**
 * A client that goes away ends its half of the connection, or breaks it. Where neither happened, the server has closed it: on
 * purpose, when it stops, before the response began; in the midst of one because it could not go on.
 */
const whoClosed = (request: NodeMessage, response: NodeResponse): "client" | "server" => {
  const socket = propertyOf(request, "socket")
  const isByClient = propertyOf(socket, "readableEnded") === true || isObject(propertyOf(socket, "errored"))
  return isByClient || !response.headersSent ? "client" : "server"
}

/** Emits inside a story, as long as it lasts, and then says what was emitted. */
const emitWithin = (emitter: NodeMessage, followed: Followed): void => {
  const emit = emitter.emit
  const value = function (this: unknown, ...args: Array<unknown>): boolean {
    const emitted = () => Reflect.apply(emit, this, args)
    if (followed.isOver) return emitted()
    const [event] = args
    try {
      // Most of what is emitted has no listener: nothing runs that could be inside.
      return emitter.listenerCount(event as string | symbol) === 0 ? emitted() : followed.story.run(emitted)
    } finally {
      if (!followed.isOver) followed.emitted(emitter, event)
    }
  }
  Object.defineProperty(emitter, "emit", { value, configurable: true, writable: true, enumerable: false })
}
