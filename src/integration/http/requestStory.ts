/**
 * The story of one request: from its arrival until its response has been sent, streams included.
 */
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpServerError from "@effect/platform/HttpServerError"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import type { HttpServerResponse } from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { isInterruption, leavesOf } from "../../cause/causeLeaves.js"
import { afterLoading, redactorOf } from "../../narration/region.js"
import * as storyRegion from "../../narration/storyRegion.js"
import { extended } from "../../plain/extended.js"
import { type AnyFiber, currentFiber, withFiber } from "../../runtime/fiber.js"
import { enterRefs, leaveRefs } from "../../runtime/fiberInternals.js"
import { inOrder, type Waiting } from "../../runtime/waiting.js"
import type { Correlation } from "../../tracing/Correlation.js"
import { askedIn } from "../../tracing/correlationScope.js"
import { areSpansRead } from "../../tracing/spans.js"
import { redactAttributes } from "./serverSpan.js"

/** Answers a request in a story of its own, for whoever asked. The answer is what it would be without. */
export const run = <E, R>(
  app: HttpApp.Default<E, R>,
  init: storyRegion.StoryInit,
  asked: Correlation
): HttpApp.Default<E, R> =>
  withFiber((outside) =>
    afterLoading(outside, (fiber) => {
      const before = fiber.getFiberRef(HttpApp.currentPreResponseHandlers)
      const handler = (incoming: HttpServerRequest, response: HttpServerResponse) =>
        Effect.succeed(request.watch(currentFiber(fiber), incoming, response))
      // All that is set for the request is set at once.
      const entered = enterRefs(fiber, [
        ...askedIn(fiber, asked),
        [HttpApp.currentPreResponseHandlers, Option.some(after(before, handler))]
      ])
      const { opened, waiting } = storyRegion.open(init, fiber)
      const { story } = opened.region
      // Effect's own tracer keeps its spans to itself.
      if (areSpansRead(fiber)) redactAttributes(fiber.currentSpan, redactorOf(fiber), () => story.secrets)
      const request = new RequestStory(opened)
      const scope = Context.getOption(fiber.currentContext, Scope.Scope)
      const begun = scope._tag === "None" ? undefined : request.closeWith(scope.value)
      return storyRegion.inside({ opened, waiting: inOrder(waiting, begun) }, fiber, app, (exit, here) => {
        leaveRefs(here, entered)
        request.answered(exit, here.getFiberRef(FiberRef.interruptedCause))
        return request.isScoped ? exit : Effect.zipRight(request.close, exit)
      })
    })
  )

/** As `HttpApp.withPreResponseHandler` adds one. */
const after = (
  before: Option.Option<HttpApp.PreResponseHandler>,
  handler: HttpApp.PreResponseHandler
): HttpApp.PreResponseHandler =>
  before._tag === "None"
    ? handler
    : (incoming, response) => Effect.flatMap(before.value(incoming, response), (changed) => handler(incoming, changed))

class RequestStory {
  isScoped = false
  #answer: Exit.Exit<HttpServerResponse, unknown> | undefined
  #interruption: Cause.Cause<never> = Cause.empty
  #streamed: Exit.Exit<unknown, unknown> = Exit.void
  #isOver = false

  constructor(private readonly opened: storyRegion.OpenStory) {}

  /** The scope of a request closes when its response has been sent. */
  closeWith(scope: Scope.Scope): Effect.Effect<void> {
    this.isScoped = true
    return Scope.addFinalizer(scope, this.close)
  }

  answered(exit: Exit.Exit<HttpServerResponse, unknown>, interruption: Cause.Cause<never>): void {
    this.#answer = exit
    this.#interruption = interruption
  }

  /** A body that is a stream is part of the story, though a web handler runs it when the fiber of the request is done. */
  watch(fiber: AnyFiber, request: HttpServerRequest, response: HttpServerResponse): HttpServerResponse {
    const { body } = response
    if (body._tag !== "Stream" || request.method === "HEAD") return response
    const stream = body.stream.pipe(
      Stream.provideSomeContext(fiber.currentContext),
      Stream.ensuringWith((exit) =>
        Effect.sync(() => {
          this.#streamed = exit
        })
      )
    )
    const { contentLength, contentType } = body
    // A response of the same class, whose headers are not made anew of its body.
    return Object.create(response, {
      body: { value: HttpBody.stream(stream, contentType, contentLength), enumerable: true }
    })
  }

  readonly close: Effect.Effect<void> = Effect.uninterruptible(
    withFiber((fiber) => {
      if (this.#isOver) return Effect.void
      this.#isOver = true
      const answer = this.#answer ?? Exit.interrupt(fiber.id())
      return Effect.flatMap(
        // What is to be answered for a failure: a server may not have done it yet.
        answer._tag === "Success"
          ? Effect.succeed(answer.value)
          : HttpServerError.causeResponse(answer.cause).pipe(Effect.map(([response]) => response)),
        ({ status }) => this.#end(currentFiber(fiber), answer, status) ?? Effect.void
      )
    })
  )

  #end(fiber: AnyFiber, answer: Exit.Exit<unknown, unknown>, status: number): Waiting {
    const { region } = this.opened
    const { span, story } = region
    const { exit, isFailed } = this.#outcome(answer, status)
    story.outcome ??= String(status)
    story.attributes = extended(story.attributes, { [statusAttribute]: status })
    span?.attribute(statusAttribute, status)
    if (isFailed) story.requestedStatus = "failed"
    return storyRegion.close(this.opened, fiber, exit)
  }

  #outcome(answer: Exit.Exit<unknown, unknown>, status: number): Outcome {
    const answered = causeOf(answer) ?? causeOf(this.#streamed)
    // An `HttpApi` answers the errors that it declares, and says no more of them: the last stage has why.
    const cause = answered ?? (status < 500 ? undefined : this.opened.region.story.lastFailure)
    if (cause !== undefined && (isInterruption(cause) || isFailure(cause, status))) {
      return { exit: Exit.failCause(cause), isFailed: false }
    }
    // The client went away, or the server stopped, before all was sent.
    if (!Cause.isEmpty(this.#interruption)) return { exit: Exit.failCause(this.#interruption), isFailed: false }
    return { exit: Exit.void, isFailed: cause === undefined && status >= 500 }
  }
}

interface Outcome {
  readonly exit: Exit.Exit<unknown, unknown>
  /** It was answered so, without a failure that says why. */
  readonly isFailed: boolean
}

const statusAttribute = "http.response.status_code"

/** Why it failed, without the response that goes with it. */
const causeOf = (exit: Exit.Exit<unknown, unknown>): Cause.Cause<unknown> | undefined => {
  if (exit._tag === "Success") return undefined
  const [, cause] = HttpServerError.causeResponseStripped(exit.cause)
  return cause._tag === "None" || Cause.isEmpty(cause.value) ? undefined : cause.value
}

/** A typed error that says how it is answered is an outcome, below 500; a defect never is. */
const isFailure = (cause: Cause.Cause<unknown>, status: number): boolean =>
  status >= 500 || leavesOf(cause).some((leaf) => leaf.kind === "die" || isUnsent(leaf.error))

/** The response could not be sent whole, whatever its status says. */
const isUnsent = (error: unknown): boolean => HttpServerError.isServerError(error) && error._tag === "ResponseError"
