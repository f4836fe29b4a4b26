/**
 * HTTP as bytes: what a server really sends.
 */
import { connect } from "node:net"

/** Everything a server sends for these bytes until it closes the connection. */
export const exchange = (port: number, request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request))
    let received = ""
    socket.setEncoding("latin1")
    socket.on("data", (part) => {
      received += String(part)
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(received))
  })

/** A request that is the last one of its connection. */
export const requestOf = (method: string, path: string, body = "", headers: Readonly<Record<string, string>> = {}) => {
  const lines = Object.entries({
    host: "localhost",
    connection: "close",
    ...(body === "" ? {} : { "content-type": "application/json", "content-length": String(body.length) }),
    ...headers
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`
}

/** Sends requests one after the other on a connection that stays open, without waiting; gives how many were answered with 200. */
export const pipelined = (port: number, paths: ReadonlyArray<string>, headers = ""): Promise<number> =>
  new Promise((resolve, reject) => {
    const requests = paths.map((path, i) => {
      const last = i === paths.length - 1 ? "connection: close\r\n" : ""
      return `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${last}${headers}\r\n`
    })
    const socket = connect(port, "127.0.0.1", () => socket.write(requests.join("")))
    let received = ""
    socket.setEncoding("latin1")
    socket.on("data", (part) => {
      received += String(part)
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(received.split("HTTP/1.1 200 ").length - 1))
  })

/** Connects, sends a request, and goes away once something has come back, or after some milliseconds. */
export const abort = (port: number, path: string, after: "first byte" | number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(requestOf("GET", path))
      if (after !== "first byte") setTimeout(() => socket.destroy(), after)
    })
    if (after === "first byte") socket.once("data", () => socket.destroy())
    socket.on("error", () => undefined)
    socket.on("close", () => resolve())
  })
