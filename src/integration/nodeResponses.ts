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
  lastError: () => unknown = () => undefined
): void => {
  let isTimedOut = false
  let isOver = false
  const over = (end: () => void): void => {
    if (isOver) return
    isOver = true
    const error = lastError()
    if (error !== undefined) story.fail(error)
    end()
  }
  const isDone = () => isOver
  within(request, story, isDone, (event) => {
    if (event === "timeout") isTimedOut = true
  })
  within(response, story, isDone, (event) => {
    if (event === "timeout") isTimedOut = true
    else if (event === "finish") over(() => story.sent(response.statusCode))
    else if (event === "close") over(() => story.gone(isTimedOut ? "timeout" : whoClosed(request, response)))
  })
  if (!response.headersSent) for (const [name, value] of Object.entries(story.headers)) response.setHeader(name, value)
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
const within = (
  emitter: NodeMessage,
  story: RequestStory,
  isDone: () => boolean,
  after: (event: string | symbol) => void
): void => {
  const emit = emitter.emit
  const value = function (this: unknown, event: string | symbol, ...args: Array<unknown>): boolean {
    const emitted = () => Reflect.apply(emit, this, [event, ...args])
    if (isDone()) return emitted()
    try {
      // Most of what is emitted has no listener: nothing runs that could be inside.
      return emitter.listenerCount(event) === 0 ? emitted() : story.run(emitted)
    } finally {
      after(event)
    }
  }
  Object.defineProperty(emitter, "emit", { value, configurable: true, writable: true, enumerable: false })
}
