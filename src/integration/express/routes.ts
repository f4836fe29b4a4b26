/**
 * The route that a request of Express is going to match, found before its middleware runs: a story's name is its start.
 */
import type { IncomingMessage } from "node:http"
import { attempt, isObject, propertyOf } from "../../plain/untrusted.js"
import { pathOf } from "../incoming.js"

/** Most routers within each other that are looked through. */
const maxDepth = 16

/** The pattern of the route; of a mounted app, whose routes are not to be seen, the pattern it is mounted at. */
export const routeOf = (request: IncomingMessage): string | undefined =>
  attempt(() => {
    const app = propertyOf(request, "app")
    const prefix = call(app, "path")
    const stack = propertyOf(propertyOf(app, "router"), "stack")
    const route = find(stack, pathOf(request.url ?? "/"), request.method ?? "GET", 0)
    return route === undefined ? undefined : joined(typeof prefix === "string" ? prefix : "", route)
  }, undefined)

const call = (target: unknown, method: string, ...args: ReadonlyArray<unknown>): unknown => {
  const f = propertyOf(target, method)
  return typeof f === "function" ? Reflect.apply(f, target, args) : undefined
}

const find = (stack: unknown, path: string, method: string, depth: number): string | undefined => {
  if (!Array.isArray(stack) || depth > maxDepth) return undefined
  let mounted: string | undefined
  for (const layer of stack as ReadonlyArray<unknown>) {
    const route = propertyOf(layer, "route")
    const inner = propertyOf(propertyOf(layer, "handle"), "stack")
    const isApp = propertyOf(layer, "name") === "mounted_app"
    // Middleware matches any path, and is no route.
    if (route === undefined && inner === undefined && !isApp) continue
    const match = matchOf(layer, path)
    if (match === undefined) continue
    if (route !== undefined) {
      if (call(route, "_handlesMethod", method) === true) return patternOf(layer, match, propertyOf(route, "path"))
      continue
    }
    const prefix = patternOf(layer, match, undefined)
    if (isApp) mounted ??= joined(prefix, "/*")
    const rest = path.slice(match.path.length)
    const found = find(inner, rest.startsWith("/") ? rest : `/${rest}`, method, depth + 1)
    if (found !== undefined) return joined(prefix, found)
  }
  return mounted
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
  return path === "/" ? prefix : `${prefix.replace(/\/$/, "")}${path.startsWith("/") ? path : `/${path}`}`
}
