/**
 * Stories of the calls that a server of `@grpc/grpc-js` answers, and stages of those that its client makes: unary calls and streams in
 * both directions.
 *
 * Handlers are Promise and callback code, so that it is a `Narrator` which narrates them.
 *
 * @since 0.1.0
 */
import type * as GrpcJs from "@grpc/grpc-js"
import { uuid } from "../../plain/ids.js"
import { attempt } from "../../plain/untrusted.js"
import type { Narrator } from "../../promise/Narrator.js"
import { openRootBy } from "../../promise/openers.js"
import * as Correlation from "../../tracing/Correlation.js"
import { grpc } from "./grpcJs.js"
import * as handlerErrors from "./handlerErrors.js"
import { GrpcStatusError, isUp, nameOf, storyStatus } from "./statuses.js"

/**
 * What the interceptors use of a `Narrator`.
 *
 * @since 0.1.0
 * @category models
 */
export type GrpcNarrator = Pick<Narrator, "open" | "stage" | "correlation" | "current">

/**
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions {
  /** Another name (default: the path of the method, `/shop.Orders/Reserve`). Keep the names few: they are labels of metrics. */
  readonly naming?: ((path: string) => string) | undefined
  /** Calls that get no story, such as health checks, by the path of their method. */
  readonly skip?: ((path: string) => boolean) | undefined
  /** Whether the metadata is believed that says who asks (default `true`). */
  readonly trustHeaders?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions {
  /** Another name (default: the path of the method). */
  readonly naming?: ((path: string) => string) | undefined
  /** Whether the server learns who asks (default `true`). `false` for a server of another owner. */
  readonly propagate?: boolean | undefined
}

/**
 * A server interceptor that gives each call a story, which ends when its status has been sent. A `narrator.stage` in the handler is a
 * stage of it.
 *
 * The outcome is the name of the status. It failed with `UNKNOWN`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`; with
 * any other the call was answered. It timed out with its deadline, and is cancelled when the client went away.
 *
 * @example
 * ```ts
 * import { Server } from "@grpc/grpc-js"
 * import { NarrativeGrpc } from "effect-narrative/grpc"
 * import { Narrator } from "effect-narrative/promise"
 *
 * export const makeServer = async () => {
 *   const narrator = await Narrator.make()
 *   return new Server({ interceptors: [NarrativeGrpc.server(narrator)] })
 * }
 * ```
 *
 * @since 0.1.0
 * @category server
 */
export const server = (narrator: GrpcNarrator, options: ServerOptions = {}): GrpcJs.ServerInterceptor => {
  const { naming, skip, trustHeaders = true } = options
  return ({ path }, call) => {
    if (attempt(() => skip?.(path) === true, false)) return new grpc.ServerInterceptingCall(call)
    let story: ReturnType<GrpcNarrator["open"]> | undefined
    let beganAt = 0
    const inside = (f: () => void): void => (story === undefined ? f() : story.run(f))
    const end = (code: number, details: string): void => {
      const failed = handlerErrors.take(story?.story)
      const status = storyStatus(code)
      story?.end({
        status,
        outcome: nameOf(code),
        ...(status === "failed" || status === "timeout" ? { error: failed ?? new GrpcStatusError(code, details) } : {})
      })
    }
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, next) => {
            const said = trustHeaders ? Correlation.fromHeaders(headersOf(metadata)) : Correlation.none
            beganAt = Date.now()
            const requestId = said.requestId ?? uuid(beganAt)
            story = openRootBy(narrator)(attempt(() => naming?.(path), undefined) ?? path, {
              kind: "rpc",
              attributes: { "rpc.system": "grpc", "rpc.method": path },
              correlation: { ...said, requestId, correlationId: said.correlationId ?? requestId }
            })
            inside(() => next(metadata))
          },
          onReceiveMessage: (message, next) => inside(() => next(message)),
          onReceiveHalfClose: (next) => inside(next),
          // Also called after a normal end, when the story is over.
          onCancel: () =>
            end(
              isUp(call.getDeadline(), beganAt, Date.now()) ? grpc.status.DEADLINE_EXCEEDED : grpc.status.CANCELLED,
              ""
            )
        }),
      sendStatus: (status, next) => {
        next(status)
        end(status.code ?? grpc.status.UNKNOWN, status.details ?? "")
      }
    })
  }
}

const headersOf = (metadata: GrpcJs.Metadata): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(metadata.getMap())) if (typeof value === "string") headers[name] = value
  return headers
}

/**
 * The handlers of a service, such that the story of a call fails with the error that its handler gave or threw, and so with the line of
 * that: without, all that is known is the status. What is answered is the same.
 *
 * @since 0.1.0
 * @category server
 */
export const handlers: <Implementation extends object>(
  narrator: Pick<GrpcNarrator, "current">,
  implementation: Implementation
) => Implementation = handlerErrors.remember

/**
 * A client interceptor that makes each call a stage of the kind `rpc-client`, which ends with the status of the call, and fails with any
 * but `OK`.
 *
 * @since 0.1.0
 * @category client
 */
export const client = (narrator: GrpcNarrator, options: ClientOptions = {}): GrpcJs.Interceptor => {
  const { naming, propagate = true } = options
  return (callOptions, nextCall) => {
    const { path } = callOptions.method_definition
    return new grpc.InterceptingCall(nextCall(callOptions), {
      start: (metadata, _, next) => {
        const called = narrator.stage(
          attempt(() => naming?.(path), undefined) ?? path,
          { kind: "rpc-client", attributes: { "rpc.system": "grpc", "rpc.method": path } },
          () =>
            new Promise<void>((resolve, reject) => {
              if (propagate) {
                const headers = Correlation.toHeaders(narrator.correlation())
                for (const name in headers) metadata.set(name, headers[name] ?? "")
              }
              next(metadata, {
                onReceiveStatus: (status, next) => {
                  if (status.code === grpc.status.OK) resolve()
                  else reject(errorOf(status))
                  next(status)
                }
              })
            })
        )
        // Its error is that of the call, which the caller has.
        called.catch(() => {})
      }
    })
  }
}

/** A call that was cancelled did not fail. */
const errorOf = ({ code, details }: GrpcJs.StatusObject): Error =>
  code === grpc.status.CANCELLED ? new DOMException(details, "AbortError") : new GrpcStatusError(code, details)
