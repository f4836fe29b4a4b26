/**
 * Requests and responses, of which a reader wants the method, the address, the status and the headers, and not the sockets,
 * parsers and streams that they are made of. Known by their form, so that neither `node:http` nor `@effect/platform` is
 * loaded for them; what only code could say is asked of the runtime's own getters alone.
 */
import * as Predicate from "effect/Predicate"
import { brandOf } from "./untrusted.js"

type Fields = ReadonlyArray<readonly [name: string, value: unknown]>

/** What there is to say of a request or a response; a name for another stream or socket; `undefined` for anything else. */
export const summaryOf = (value: object): Fields | string | undefined => {
  const own = ownOf(value)
  if (Array.isArray(own("rawHeaders"))) return incoming(own)
  if (own("_header") !== undefined) return outgoing(own, ownSymbol(value, "kOutHeaders"))
  const brand = brandOf(value)
  if (brand === "Request" || brand === "Response") return fetched(value, brand)
  for (const type of platformTypes) if (type in value) return platform(own)
  // Sockets and files: hundreds of fields of a machine.
  if (own("_readableState") !== undefined || own("_writableState") !== undefined || own("_handle") !== undefined) {
    return `[${constructorOf(value)}]`
  }
  return undefined
}

type Own = (name: string) => unknown

const ownOf =
  (value: object): Own =>
  (name) =>
    Object.getOwnPropertyDescriptor(value, name)?.value

const ownSymbol = (value: object, name: string): unknown => {
  const symbol = Object.getOwnPropertySymbols(value).find(({ description }) => description === name)
  return symbol === undefined ? undefined : Object.getOwnPropertyDescriptor(value, symbol)?.value
}

const constructorOf = (value: object): string => {
  const name: unknown = Object.getOwnPropertyDescriptor(
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), "constructor")?.value ?? {},
    "name"
  )?.value
  return typeof name === "string" && name !== "" ? name.slice(0, 100) : "Stream"
}

/** An address without the values of its query, which may be anything that a user typed. */
const address = (url: unknown): unknown => {
  if (typeof url !== "string") return url
  const [, path = "", query, hash = ""] = /^([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/.exec(url.slice(0, maxUrl)) ?? []
  return query === undefined ? path + (hash && "#…") : path + query.replace(/=[^&]*/g, "=…")
}

const maxUrl = 2_048

/** `node:http`: a request that a server got, or the response to one that was sent. */
const incoming = (own: Own): Fields => {
  const list = own("rawHeaders") as ReadonlyArray<unknown>
  const headers = list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]] as const] : []))
  return said({
    method: own("method"),
    url: address(own("url") || undefined),
    status: own("statusCode"),
    headers: new Map(headers)
  })
}

/** `node:http`: a request that is sent, or a server's response. */
const outgoing = (own: Own, outHeaders: unknown): Fields => {
  const headers = Predicate.isRecord(outHeaders) ? Object.values(outHeaders) : []
  const host = own("host")
  const path = own("path")
  return said({
    method: own("method"),
    url: typeof path === "string" ? address(`${own("protocol") ?? ""}//${host ?? ""}${path}`) : undefined,
    status: typeof path === "string" ? undefined : own("statusCode"),
    headers: new Map(headers.filter((entry): entry is [unknown, unknown] => Array.isArray(entry)))
  })
}

const fetched = (value: object, brand: "Request" | "Response"): Fields => {
  // A subclass may have getters of its own.
  const prototype: object = globalThis[brand].prototype
  const got = (name: string): unknown => Object.getOwnPropertyDescriptor(prototype, name)?.get?.call(value)
  return said({
    method: got("method"),
    url: address(got("url") || undefined),
    status: got("status"),
    headers: got("headers")
  })
}

/** `@effect/platform` */
const platformTypes = ["HttpServerRequest", "HttpClientRequest", "HttpClientResponse", "HttpServerResponse"].map(
  (name) => Symbol.for(`@effect/platform/${name}`)
)

/** Some are what `node:http` or `fetch` made, in a field named `source`, or another one with something to it. */
const platform = (own: Own): Fields => {
  const source = own("source") ?? own("original")
  const made = typeof source === "object" && source !== null ? summaryOf(source) : undefined
  const of = (name: string) => (Array.isArray(made) ? made.find(([key]) => key === name)?.[1] : undefined)
  const request = own("request")
  const asked = typeof request === "object" && request !== null ? ownOf(request) : own
  return said({
    method: asked("method") ?? of("method"),
    url: address(asked("url") ?? of("url")),
    status: own("status") ?? of("status"),
    headers: own("headersOverride") ?? own("headers") ?? of("headers")
  })
}

const said = (fields: Readonly<Record<string, unknown>>): Fields =>
  Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
