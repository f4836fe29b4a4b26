/**
 * Requests led to their answers by the definition of the API.
 *
 * `HttpApiBuilder` is not used: it decodes a query before its handler is asked, and refuses it in words and with a code of its own,
 * where clients of this API rely on 422 with the name of each parameter that is wrong.
 */
import type * as HttpApi from "@effect/platform/HttpApi"
import { reflect } from "@effect/platform/HttpApi"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Chunk from "effect/Chunk"
import { Refusal } from "./answers.js"
import { api } from "./RunApi.js"

type Groups = typeof api extends HttpApi.HttpApi<infer _, infer G, infer _E, infer _R> ? G : never

type GroupName = HttpApiGroup.HttpApiGroup.Name<Groups>

type EndpointOf<Name extends GroupName> = HttpApiEndpoint.HttpApiEndpoint.Name<
  HttpApiGroup.HttpApiGroup.EndpointsWithName<Groups, Name>
>

/** What answers a request of one endpoint. */
export type Endpoint = HttpApp.Default<Refusal, HttpRouter.RouteContext | HttpServerRequest.ParsedSearchParams>

/** An answer for each endpoint of the definition. */
export type Answers = { readonly [G in GroupName]: { readonly [E in EndpointOf<G>]: Endpoint } }

interface Defined {
  readonly group: string
  readonly name: string
  readonly method: HttpApiEndpoint.HttpApiEndpoint.AnyWithProps["method"]
  readonly path: HttpRouter.PathInput
}

/** The endpoints, those of a fixed path before those with an id in it. */
const endpoints: ReadonlyArray<Defined> = (() => {
  const found: Array<Defined> = []
  reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      const { method, name, path } = endpoint
      found.push({ group: group.identifier, name, method, path })
    }
  })
  const ids = ({ path }: Defined) => path.split(":").length
  return found.sort((a, b) => ids(a) - ids(b))
})()

/** @internal */
export const make = (answers: Answers) => {
  const byName: Readonly<Record<string, Readonly<Record<string, Endpoint>>>> = answers
  const routes = endpoints.flatMap(({ group, method, name, path }) => {
    const answer = byName[group]?.[name]
    return answer === undefined ? [] : [HttpRouter.makeRoute(method, path, answer)]
  })
  return HttpRouter.fromIterable(Chunk.unsafeFromArray(routes))
}

/** What a path takes, by the definition. */
const methods: ReadonlyMap<string, { readonly pattern: RegExp; readonly allow: string }> = (() => {
  const byPath = new Map<string, Array<string>>()
  for (const { method, path } of endpoints) byPath.set(path, [...(byPath.get(path) ?? []), method])
  return new Map(
    Array.from(byPath, ([path, allowed]) => [
      path,
      { pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`), allow: allowed.sort().join(", ") }
    ])
  )
})()

/** A path that there is not, or a method that is not for it. */
export const noRoute = (method: string, url: string): Refusal => {
  const path = url.split("?", 1)[0] ?? ""
  const allow = Array.from(methods.values()).find(({ pattern }) => pattern.test(path))?.allow
  return allow === undefined
    ? new Refusal({ status: 404, detail: `nothing is at ${path.slice(0, 200)}` })
    : new Refusal({ status: 405, detail: `${method} is not for ${path.slice(0, 200)}`, headers: { allow } })
}
