/**
 * When the response of a server of Node's has ended, seen by what its request and response emit.
 */
import type { EventEmitter } from "node:events"
import { extended } from "../plain/extended.js"
import { isObject, propertyOf } from "../plain/untrusted.js"
import { isOfClient, type RequestStory } from "./requests.js"

/** What is read of a request or response of `node:http`, `https` or `http2`. */
export interface NodeMessage extends EventEmitter {}

export interface NodeResponse extends NodeMessage {
  readonly statusCode: number
  readonly headersSent: boolean
  hasHeader(name: string): boolean
  setHeader(name: string, value: string): unknown
  writeHead(status: number, ...rest: ReadonlyArray<unknown>): unknown
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
}

/**
 * Adds headers when the response begins. Where a framework begins it with all of its own, one that was set before would keep Node from
 * taking those as they are.
 */
export const sendWith = (response: NodeResponse, headers: RequestStory["headers"]): void => {
  const names = Object.keys(headers)
  if (names.length === 0 || response.headersSent) return
  const { writeHead } = response
  // Plain assignment, here and below: `Object.defineProperty` takes longer than all else that is done.
  response.writeHead = function (this: unknown, ...args) {
    const at = typeof args[1] === "string" ? 2 : 1
    const given = args[at]
    const missing = names.filter((name) => !response.hasHeader(name) && !has(given, name))
    if (isObject(given) && !Array.isArray(given)) {
      if (missing.length > 0) args[at] = extended(picked(headers, missing), given)
    } else if (!response.headersSent) for (const name of missing) response.setHeader(name, headers[name] ?? "")
    return Reflect.apply(writeHead, this, args)
  }
}

const noError = (): unknown => undefined

/** Whether headers that a response begins with have one of this name: in any case of letters, as an object or a list. */
const has = (given: unknown, name: string): boolean => {
  if (!isObject(given)) return false
  const isSame = (other: unknown) =>
    typeof other === "string" && other.length === name.length && other.toLowerCase() === name
  if (Array.isArray(given))
    return given.some((one, i) => (Array.isArray(one) ? isSame(one[0]) : i % 2 === 0 && isSame(one)))
  for (const other in given) if (isSame(other)) return true
  return false
}

const picked = (headers: RequestStory["headers"], names: ReadonlyArray<string>): Record<string, string> => {
  const some: Record<string, string> = {}
  for (const name of names) some[name] = headers[name] ?? ""
  return some
}

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

  /**
   * A client that goes away ends its half of the connection, or breaks it. Where neither happened, the server has closed it: on
   * purpose, when it stops, before the response began; in the midst of one because it could not go on.
   */
  private gone(): void {
    const socket = propertyOf(this.request, "socket")
    const errored = propertyOf(socket, "errored")
    if (this.isTimedOut) this.story.gone("timeout")
    else if (isObject(errored) && !isOfConnection(errored)) {
      // What the program has destroyed the response with: a file that cannot be read on, for instance.
      this.story.fail(errored)
      this.story.gone("server")
    } else {
      const isByClient = propertyOf(socket, "readableEnded") === true || isObject(errored)
      this.story.gone(isByClient || !this.response.headersSent ? "client" : "server")
    }
  }

  /** What one of them has emitted. */
  emitted(by: NodeMessage, event: unknown): void {
    if (event === "timeout") this.isTimedOut = true
    else if (by !== this.response || (event !== "finish" && event !== "close")) return
    else {
      this.isOver = true
      const error = this.lastError()
      if (error !== undefined) this.story.fail(error)
      if (event === "finish") this.story.sent(this.response.statusCode)
      else this.gone()
    }
  }
}

/** Whether a connection was broken by what is at its other end, or between: not by the program, which may give any error as why. */
const isOfConnection = (error: unknown): boolean => {
  const code = propertyOf(error, "code")
  return isOfClient(error) || (typeof code === "string" && ofConnection.test(code))
}

const ofConnection =
  /^(?:ETIMEDOUT|EPROTO|E(?:HOST|NET)(?:UNREACH|DOWN)|HPE_\w+|ERR_(?:SSL|TLS|HTTP2|HTTP_REQUEST)_\w+)$/

/** Emits inside a story, as long as it lasts, and then says what was emitted. */
const emitWithin = (emitter: NodeMessage, followed: Followed): void => {
  const emit = emitter.emit
  emitter.emit = function (this: unknown, ...args): boolean {
    const [event] = args
    // Most of what is emitted has no listener: nothing runs that could be inside.
    if (followed.isOver) return Reflect.apply(emit, this, args)
    try {
      return emitter.listenerCount(event) === 0
        ? Reflect.apply(emit, this, args)
        : followed.story.run(() => Reflect.apply(emit, this, args))
    } finally {
      if (!followed.isOver) followed.emitted(emitter, event)
    }
  }
}
