/**
 * Which route a request is for, before it is answered: a story is named when it begins.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * What has the routes of a server: its `HttpRouter`, its `HttpApi`, or their texts (`GET /orders/:id`).
 *
 * @since 0.1.0
 * @category models
 */
export type Routes = HttpRouter.HttpRouter<unknown, unknown> | HttpApi.HttpApi.Any | Iterable<string>

export const isRoutes = (value: unknown): value is Routes =>
  HttpApi.isHttpApi(value) || isRouter(value) || (!Predicate.isString(value) && Predicate.isIterable(value))

/** The path of the route, such as `/orders/:id`; `undefined` where none is for it. */
export type FindRoute = Effect.Effect<string | undefined, never, HttpServerRequest>

/** A router like the one of the server, whose every route answers with its own path. */
export const find = (routes: Routes): FindRoute =>
  Effect.map(Effect.exit(HttpRouter.fromIterable(routesOf(routes))), (exit) => {
    const found = exit._tag === "Failure" ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
    return Predicate.isString(found) ? found : undefined
  })

type Method = Parameters<typeof HttpRouter.makeRoute>[0]

const routesOf = (routes: Routes): ReadonlyArray<HttpRouter.Route<string, never>> => {
  if (HttpApi.isHttpApi(routes)) return routesOfApi(routes)
  if (isRouter(routes)) return routesOfRouter(routes)
  return Array.from(routes, (text) => {
    const [method = "", path = ""] = text.trim().split(/\s+/)
    return route(method.toUpperCase() as Method, path)
  })
}

const route = (method: Method, path: string): HttpRouter.Route<string, never> =>
  HttpRouter.makeRoute(method, (path.startsWith("/") ? path : `/${path}`) as HttpRouter.PathInput, Effect.fail(path))

const isRouter = (routes: unknown): routes is HttpRouter.HttpRouter<unknown, unknown> =>
  Predicate.hasProperty(routes, HttpRouter.TypeId)

const routesOfRouter = (
  router: HttpRouter.HttpRouter<unknown, unknown>
): ReadonlyArray<HttpRouter.Route<string, never>> => [
  ...Array.from(router.routes, ({ method, path }) => route(method, path)),
  // What is mounted may be any app: of a router its routes are known, of another where it is.
  ...Array.from(router.mounts).flatMap(([prefix, app]) =>
    Predicate.hasProperty(app, HttpRouter.TypeId)
      ? routesOfRouter(app as HttpRouter.HttpRouter<unknown, unknown>).map(({ method, path }) =>
          route(method, HttpRouter.prefixPath(path, prefix))
        )
      : [route("*", prefix), route("*", `${prefix}/*`)]
  )
]

const routesOfApi = (api: HttpApi.HttpApi.Any): ReadonlyArray<HttpRouter.Route<string, never>> => {
  const found: Array<HttpRouter.Route<string, never>> = []
  // Its groups do not matter here, and their types are all that `Any` leaves out.
  HttpApi.reflect(api as HttpApi.HttpApi.AnyWithProps, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => void found.push(route(endpoint.method, endpoint.path))
  })
  return found
}
