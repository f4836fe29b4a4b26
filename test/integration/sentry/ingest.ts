/**
 * A server that takes envelopes as Sentry does, on the loopback interface.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type Envelope, parseEnvelope, type Event as SentryEvent } from "@sentry/core"
import { Effect } from "effect"

export interface Taken {
  readonly url: string
  readonly contentType: string | undefined
  readonly envelope: Envelope
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

export class Ingest {
  readonly taken: Array<Taken> = []
  answer: Answer = { status: 200 }
  port = 0

  get dsn(): string {
    return `http://public-key@127.0.0.1:${this.port}/42`
  }

  get events(): ReadonlyArray<SentryEvent> {
    return this.taken.flatMap(({ envelope: [, items] }) => items.map(([, payload]) => payload as SentryEvent))
  }
}

export const ingest = Effect.acquireRelease(
  Effect.async<{ readonly ingest: Ingest; readonly close: () => void }>((resume) => {
    const state = new Ingest()
    const server = createServer((request, response) => {
      const parts: Array<Buffer> = []
      request.on("data", (part: Buffer) => parts.push(part))
      request.on("end", () => {
        state.taken.push({
          url: request.url ?? "",
          contentType: request.headers["content-type"],
          envelope: parseEnvelope(Buffer.concat(parts).toString())
        })
        response.writeHead(state.answer.status, state.answer.headers).end("{}")
      })
    })
    server.listen(0, "127.0.0.1", () => {
      // A server that listens on a port has an address that is no text.
      state.port = (server.address() as AddressInfo).port
      resume(
        Effect.succeed({
          ingest: state,
          close: () => {
            server.closeAllConnections()
            server.close()
          }
        })
      )
    })
  }),
  ({ close }) => Effect.sync(close)
).pipe(Effect.map(({ ingest }) => ingest))
