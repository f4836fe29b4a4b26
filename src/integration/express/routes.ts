/**
 * The route that a request of Express is going to match, found before its middleware runs: a story's name is its start.
 */
import type { IncomingMessage } from "node:http"
import { attempt, isObject, propertyOf } from "../../plain/untrusted.js"
import { pathOf } from "../incoming.js"

/** Most routers within each other that are looked through. */
const maxDepth = 16

/**
 * The pattern of the route; of a mounted app, whose routes are not to be seen, the pattern it is mounted at. Without either,
 * that of the last middleware that is not of every path: it may answer, as what `express.static` makes does.
 */
export const routeOf = (request: IncomingMessage): string | undefined =>
  attempt(() => {
    const app = propertyOf(request, "app")
    const prefix = call(app, "path")
    const stack = propertyOf(propertyOf(app, "router"), "stack")
    const without: Without = { app: undefined, middleware: undefined }
    const start = typeof prefix === "string" ? prefix : ""
    const route = find(stack, pathOf(request.url ?? "/"), request.method ?? "GET", start, without, 0)
    return route ?? without.app ?? without.middleware
  }, undefined)

/** What may answer, though it has no route that can be seen. */
interface Without {
  app: string | undefined
  middleware: string | undefined
}

const call = (target: unknown, method: string, ...args: ReadonlyArray<unknown>): unknown => {
  const f = propertyOf(target, method)
  return typeof f === "function" ? Reflect.apply(f, target, args) : undefined
}

const find = (
  stack: unknown,
  path: string,
  method: string,
  before: string,
  without: Without,
  depth: number
): string | undefined => {
  if (!Array.isArray(stack) || depth > maxDepth) return undefined
  for (const layer of stack as ReadonlyArray<unknown>) {
    const match = matchOf(layer, path)
    if (match === undefined) continue
    const route = propertyOf(layer, "route")
    if (route !== undefined) {
      if (call(route, "_handlesMethod", method) !== true) continue
      return joined(before, patternOf(layer, match, propertyOf(route, "path")))
    }
    const prefix = joined(before, patternOf(layer, match, undefined))
    const inner = propertyOf(propertyOf(layer, "handle"), "stack")
    if (inner === undefined) {
      if (propertyOf(layer, "name") === "mounted_app") without.app ??= joined(prefix, "/*")
      else if (match.path !== "") without.middleware = joined(prefix, "/*")
      continue
    }
    const rest = path.slice(match.path.length)
    const found = find(inner, rest.startsWith("/") ? rest : `/${rest}`, method, prefix, without, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

interface Match {
  /** The part of the path that matched. */
  readonly path: string
  readonly params: unknown
  readonly pattern: unknown
}

/** Express before 5.3 keeps a match in the layer until the next one. */
const matchOf = (layer: unknown, path: string): Match | undefined => {
  const match = attempt(() => call(layer, "match", path), undefined)
  if (match === undefined || match === false) return undefined
  const found = isObject(match) ? match : layer
  const matched = propertyOf(found, "path")
  return {
    path: typeof matched === "string" ? matched : "",
    params: propertyOf(found, "params"),
    pattern: propertyOf(found, "pattern")
  }
}

const patternOf = (layer: unknown, match: Match, path: unknown): string => {
  for (const pattern of [match.pattern, path, propertyOf(layer, "rawPath")]) {
    if (typeof pattern === "string") return pattern
    if (pattern instanceof RegExp) return String(pattern)
    if (Array.isArray(pattern)) return pattern.map(String).join("|")
  }
  return withNames(match)
}

/** The pattern of a mount, from what it matched: each parameter's value is its name again. */
const withNames = ({ params, path }: Match): string => {
  const names = new Map(Object.entries(params ?? {}).map(([name, value]) => [encodeURIComponent(String(value)), name]))
  return path
    .split("/")
    .map((segment) => (names.has(segment) ? `:${names.get(segment)}` : segment))
    .join("/")
}

const joined = (prefix: string, path: string): string => {
  if (prefix === "" || prefix === "/") return path
  return path === "/" || path === ""
    ? prefix
    : `${prefix.replace(/\/$/, "")}${path.startsWith("/") ? path : `/${path}`}`
}
