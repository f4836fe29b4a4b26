/**
 * A process that `narrative run` has started: the console, its history, rich diagnostics, its spans and its functions, for
 * whatever runs in it.
 */
import { writeFileSync } from "node:fs"
import { dirname } from "node:path"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Supervisor from "effect/Supervisor"
import * as Tracer from "effect/Tracer"
import { rendererLayer } from "../delivery/rendererLayer.js"
import * as rendererSet from "../delivery/rendererSet.js"
import { load } from "../narration/failureDescriber.js"
import * as ConsoleRenderer from "../renderer/console/ConsoleRenderer.js"
import type { AnyFiber } from "../runtime/fiber.js"
import * as NarrativeSpans from "../spans/NarrativeSpans.js"
import { tryOnce } from "./moduleReads.js"
import * as narratedCalls from "./narratedCalls.js"
import * as programCalls from "./programCalls.js"
import { register } from "./register.js"

/** What the command says, as JSON in the environment. */
export interface CommandSettings {
  /** The folder it was started in. */
  readonly root: string
  /** The absolute paths that its arguments may be. */
  readonly named: ReadonlyArray<string>
  readonly history: string | null
  readonly auto: boolean
  readonly include: ReadonlyArray<string> | null
  readonly exclude: ReadonlyArray<string> | null
  /** A file that is made where something is narrated. */
  readonly mark: string
}

export const narrate = async (settings: CommandSettings): Promise<void> => {
  writeFileSync(settings.mark, "")
  const scope = Effect.runSync(Scope.make())
  const build = <A>(layer: Layer.Layer<A>) => Effect.runPromise(Scope.extend(Layer.toRuntime(layer), scope))
  // Before anything fails.
  await Effect.runPromise(load)
  const console = await build(
    rendererLayer(
      Effect.suspend(() => ConsoleRenderer.make({ stream: process.stderr })),
      rendererSet.addDefault
    )
  )
  const history = settings.history === null ? [] : renderersIn(await build(await historyLayer(settings.history)))
  history.forEach(rendererSet.asCompanion)
  rendererSet.useForProcess([...renderersIn(console), ...history])
  narrateSpans(await build(NarrativeSpans.layer()))
  narratedCalls.useRuntime({ runtime: Runtime.defaultRuntime, close: Scope.close(scope, Exit.void) })
  if (settings.auto) {
    await tryOnce()
    register({
      roots: [settings.root, dirname(process.argv[1] ?? settings.root)],
      include: settings.include ?? undefined,
      exclude: settings.exclude ?? undefined
    })
  } else programCalls.begin(() => true)
  await programCalls.prepare(true)
  const program = narratedCalls.programOf()
  superviseFibers((cause) => program.fiberFailed(cause))
}

const renderersIn = ({ fiberRefs }: Runtime.Runtime<never>) => FiberRefs.getOrDefault(fiberRefs, rendererSet.current)

/** A history needs packages that the program may not have: it is narrated without one then. */
const historyLayer = async (path: string): Promise<Layer.Layer<never>> => {
  try {
    const { layer } = await import("../history/HistoryRenderer.js")
    return Layer.catchAllCause(layer({ path }), (cause) => withoutHistory(Cause.squash(cause)))
  } catch (error) {
    return withoutHistory(error)
  }
}

const withoutHistory = (error: unknown): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.sync(() => {
      const why = error instanceof Error ? error.message : String(error)
      process.stderr.write(`narrative: no history is kept: ${why.split("\n", 1)[0]}\n`)
    })
  )

/** What every fiber has whose runtime has no tracer of its own. */
const narrateSpans = (runtime: Runtime.Runtime<never>): void => {
  const tracer = Runtime.runSync(runtime, Effect.tracer)
  DefaultServices.liveServices.unsafeMap.set(Tracer.Tracer.key, tracer)
}

/** Watches how the fibers end that no other one has started. */
class Watching extends Supervisor.AbstractSupervisor<void> {
  override readonly value = Effect.void
  readonly #roots = new WeakSet<AnyFiber>()

  constructor(readonly failed: (cause: Cause.Cause<unknown>) => void) {
    super()
  }

  override onStart<A, E, R>(
    _context: Context.Context<R>,
    _effect: Effect.Effect<A, E, R>,
    parent: Option.Option<AnyFiber>,
    fiber: AnyFiber
  ): void {
    if (Option.isNone(parent)) this.#roots.add(fiber)
  }

  override onEnd<A, E>(exit: Exit.Exit<A, E>, fiber: AnyFiber): void {
    if (exit._tag === "Failure" && this.#roots.has(fiber)) this.failed(exit.cause)
  }
}

/** What the fibers of a program begin with is the initial value of a fiber ref, which Effect has no function to change. */
const superviseFibers = (failed: (cause: Cause.Cause<unknown>) => void): void =>
  void Reflect.set(FiberRef.currentSupervisor, "initial", new Watching(failed))
