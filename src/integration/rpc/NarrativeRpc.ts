/**
 * Stories of the calls that a server of `@effect/rpc` answers, and who asked for them.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import type * as RpcMiddleware from "@effect/rpc/RpcMiddleware"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { leavesOf } from "../../cause/causeLeaves.js"
import { typeOf } from "../../cause/thrownValue.js"
import { definedBy } from "../../diagnostics/source/callSite.js"
import { storyInit } from "../../narration/combinators.js"
import { regionIn } from "../../narration/region.js"
import type { Story } from "../../narration/Story.js"
import * as storyRegion from "../../narration/storyRegion.js"
import { attempt } from "../../plain/untrusted.js"
import { withFiber } from "../../runtime/fiber.js"
import { isEnabled } from "../../runtime/muting.js"
import * as Correlation from "../../tracing/Correlation.js"
import { askedBy } from "../../tracing/correlationScope.js"
import { askerOf } from "../incoming.js"

/**
 * The identifier of the middleware.
 *
 * @since 0.1.0
 * @category middleware
 */
export interface NarrativeRpc {
  readonly _: unique symbol
}

/**
 * The middleware: add it to a group with `group.middleware(NarrativeRpc.NarrativeRpc)`, and provide {@link layer} to the server and
 * {@link layerClient} to the client.
 *
 * @example
 * ```ts
 * import { Rpc, RpcGroup, RpcServer } from "@effect/rpc"
 * import { Effect, Layer, Schema } from "effect"
 * import { Narrative } from "effect-narrative"
 * import { NarrativeRpc } from "effect-narrative/rpc"
 *
 * class Orders extends RpcGroup.make(
 *   Rpc.make("Reserve", { payload: { item: Schema.String }, success: Schema.Number })
 * ).middleware(NarrativeRpc.NarrativeRpc) {}
 *
 * const handlers = Orders.toLayer({
 *   Reserve: ({ item }) => Effect.succeed(item.length).pipe(Narrative.stage("Reserve Stock"))
 * })
 *
 * export const Server = RpcServer.layer(Orders).pipe(
 *   Layer.provide([handlers, NarrativeRpc.layer({ group: "Orders" })])
 * )
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export const NarrativeRpc: RpcMiddleware.TagClass<
  NarrativeRpc,
  "effect-narrative/NarrativeRpc",
  { readonly wrap: true }
> =
  // Made as `RpcMiddleware.Tag` makes it, so that this module can be loaded without that package.
  Object.assign(Context.GenericTag<NarrativeRpc>("effect-narrative/NarrativeRpc"), {
    [Symbol.for("@effect/rpc/RpcMiddleware")]: Symbol.for("@effect/rpc/RpcMiddleware"),
    failure: Schema.Never,
    optional: false,
    requiredForClient: false,
    wrap: true
  }) as never

/**
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions {
  /** The name of the group: stories are named `Group.method`. Without, by the name of the call alone. */
  readonly group?: string | undefined
  /** Another name. Keep the names few: they are labels of metrics. */
  readonly naming?: ((tag: string) => string) | undefined
  /** Calls that get no story. */
  readonly skip?: ((tag: string) => boolean) | undefined
  /** Whether the headers are believed that say who asks (default `true`). */
  readonly trustHeaders?: boolean | undefined
}

/**
 * Gives each call of the groups that have the middleware a story. It ends with the call, or with its stream.
 *
 * An error that the call declares is an outcome, by its name; with a defect the story failed; it is cancelled when the client
 * interrupts the call or goes away.
 *
 * @since 0.1.0
 * @category server
 */
export const layer = (options: ServerOptions = {}): Layer.Layer<NarrativeRpc> => {
  const { group, naming, skip, trustHeaders = true } = options
  const definedAt = definedBy(layer)
  const middleware: RpcMiddleware.RpcMiddlewareWrap<never, never> = ({ headers, next, rpc: { _tag: tag } }) =>
    withFiber<RpcMiddleware.SuccessValue, never, never>((fiber) => {
      if (!isEnabled(fiber) || attempt(() => skip?.(tag) === true, false)) return next
      const name = attempt(() => naming?.(tag), undefined) ?? (group === undefined ? tag : `${group}.${tag}`)
      const id = storyRegion.idIn(fiber)
      const story = storyInit(
        name,
        { id, kind: "rpc", attributes: { "rpc.system": "effect", "rpc.method": tag } },
        definedAt
      )
      return askedBy(storyRegion.run(next, story, endOf), askerOf(headers, trustHeaders, id))
    })
  return Layer.succeed(NarrativeRpc, middleware)
}

const endOf = (exit: Exit.Exit<unknown, unknown>, story: Story): Exit.Exit<unknown, unknown> => {
  if (exit._tag === "Success") return exit
  const leaves = leavesOf(exit.cause)
  const isDeclared =
    leaves.length > 0 &&
    leaves.every(({ error, kind }) => kind === "fail" && !attempt(() => Cause.isTimeoutException(error), false))
  if (!isDeclared) return exit
  story.outcome ??= typeOf(leaves[0]?.error)
  return Exit.void
}

/**
 * Sends who asks with each call of a client whose group has the middleware. The story of the call is then inside the stage that the
 * call was made in.
 *
 * @since 0.1.0
 * @category client
 */
export const layerClient: Layer.Layer<RpcMiddleware.ForClient<NarrativeRpc>> = /* @__PURE__ */ Layer.succeedContext(
  Context.unsafeMake(new Map([[`${NarrativeRpc.key}/Client`, addHeaders]]))
)

function addHeaders({ request }: Parameters<RpcMiddleware.RpcMiddlewareClient>[0]) {
  return withFiber<typeof request, never, never>((fiber) =>
    Effect.map(Correlation.current, (correlation) => {
      // The call's own span is in the message; the stage's is what a history knows.
      const span = regionIn(fiber.currentContext)?.span
      const asked = span === undefined ? correlation : { ...correlation, spanId: span.spanId, traceId: span.traceId }
      return { ...request, headers: Headers.merge(request.headers, Headers.fromInput(Correlation.toHeaders(asked))) }
    })
  )
}
