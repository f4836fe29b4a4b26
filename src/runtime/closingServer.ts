/**
 * Connections that would keep a server of Node from closing.
 *
 * `server.close` waits for each connection that is not idle, and one that has not sent anything yet, of which browsers keep some in
 * reserve, does not count as idle. The server of the platform takes its handler away before it closes: a request that comes after that
 * gets no answer from anybody. The program would wait for its clients to give up, which takes them minutes.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Address } from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What Node says of each connection that a server accepts. */
const accepted = "net.server.socket"

interface Accepted {
  readonly socket: Socket & { readonly server?: Server }
}

/** How long a client has to send what is on its way when the server is closed, in milliseconds. */
const grace = 100

/** How long what is under way then may take, in milliseconds. */
const patience = 10_000

const isAt = (server: Server, address: Address): boolean => {
  const own = server.address()
  if (own === null) return false
  if (typeof own === "string") return address._tag === "UnixAddress" && address.path === own
  // The platform says `::` as `0.0.0.0`.
  return (
    address._tag === "TcpAddress" &&
    address.port === own.port &&
    (address.hostname === own.address || own.address === "::")
  )
}

/**
 * Lets the server at an address close once the scope is closed. Whoever serves by it adds this first, so that it comes last: when its
 * handler is away, and the server is about to be closed.
 *
 * Where Node says nothing of connections, as in other runtimes, it does nothing.
 */
export const make = (address: Address): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    const sockets = new Set<Socket>()
    let server: Server | undefined
    const add = (message: unknown) => {
      const { socket } = message as Accepted
      server ??= socket.server !== undefined && isAt(socket.server, address) ? socket.server : undefined
      if (server === undefined || socket.server !== server) return
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
    }
    subscribe(accepted, add)
    return Effect.addFinalizer(() =>
      Effect.sync(() => {
        const closed = server
        if (closed === undefined) {
          unsubscribe(accepted, add)
          return
        }
        // Until it is closed others may serve by it.
        const refuse = (_request: IncomingMessage, response: ServerResponse) => {
          if (!closed.listening) response.writeHead(503, { connection: "close", "retry-after": "1" }).end()
        }
        const closeSilent = () => {
          for (const socket of sockets) if (!closed.listening && socket.bytesRead === 0) socket.destroy()
        }
        const end = () => {
          clearTimeout(last)
          unsubscribe(accepted, add)
          closed.off("request", refuse)
          if (!closed.listening) closed.closeAllConnections()
        }
        closed.on("request", refuse).once("close", end)
        setTimeout(closeSilent, grace).unref()
        const last = setTimeout(end, patience).unref()
      })
    )
  })
