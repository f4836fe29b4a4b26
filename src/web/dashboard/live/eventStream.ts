/**
 * Server-sent events by `fetch`, which unlike `EventSource` can send the token. A connection that is lost is taken up again
 * after the last event that arrived, so that none is missed and none comes twice.
 */
import { ApiError, request } from "../api.js"
import type { Query } from "../router.js"
import { EventParser, type ServerEvent } from "./eventParser.js"
import type { Connection } from "./eventTail.js"

export interface StreamOptions {
  readonly path: string
  readonly query: Query
  /** The last event that is known. */
  readonly after: string | undefined
  readonly onEvent: (event: ServerEvent) => void
  readonly onState: (state: Connection) => void
}

/** Between two attempts to connect, in milliseconds: the first, and the most. */
const [firstPause, longestPause] = [500, 10_000]

/** Follows the events until what it returns is called. */
export const follow = ({ onEvent, onState, path, query, ...options }: StreamOptions): (() => void) => {
  const controller = new AbortController()
  let { after } = options
  const connect = async (): Promise<void> => {
    const response = await request(path, {
      query: { ...query, after },
      headers: { accept: "text/event-stream" },
      signal: controller.signal
    })
    onState("open")
    const parser = new EventParser()
    const decoder = new TextDecoder()
    const reader = response.body?.getReader()
    for (;;) {
      const part = await reader?.read()
      if (part === undefined || part.done) return
      for (const event of parser.take(decoder.decode(part.value, { stream: true }))) {
        if (event.id !== "") after = event.id
        onEvent(event)
      }
    }
  }
  const run = async (): Promise<void> => {
    let pause = firstPause
    while (!controller.signal.aborted) {
      onState("connecting")
      const begun = Date.now()
      try {
        await connect()
      } catch (error) {
        // What is wrong with the request is no better the next time.
        if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
          onState("lost")
          return
        }
      }
      if (controller.signal.aborted) return
      onState("lost")
      pause = Date.now() - begun > longestPause ? firstPause : Math.min(longestPause, pause * 2)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  void run()
  return () => controller.abort()
}
