/**
 * Stories on the console: a line a stage while all is well, the whole picture when something fails. On a terminal the
 * running stages are shown below, with their progress, until they are done.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Renderer from "../../delivery/Renderer.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import * as streamWriter from "../../file/streamWriter.js"
import { decodeOrThrow, flag, like, takes } from "../../plain/options.js"
import { LiveArea } from "./liveArea.js"
import { liveLines } from "./liveView.js"
import { OpenStories } from "./openStories.js"
import { StoryLines } from "./storyLines.js"
import * as Theme from "./theme.js"

/**
 * A stream that may be a terminal, as `process.stdout` and `process.stderr` are.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConsoleStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConsoleRendererOptions {
  /** Begins each line with the event's time, in UTC (default `false`). */
  readonly timestamps?: boolean | undefined
  /** Begins each line with a short id of its root story. Default `"auto"`: only while more than one is running. */
  readonly ids?: boolean | "auto" | undefined
  /** Also writes a line when a stage starts (default `false`). */
  readonly stageStarts?: boolean | undefined
  /** Shows `Effect.log*` inside stories, where `Narrative.logger` makes events of it (default `true`). */
  readonly logs?: boolean | undefined
  /** Where to write (default `process.stdout`). */
  readonly stream?: ConsoleStream | undefined
  /**
   * Decides colours (`NO_COLOR`, `FORCE_COLOR`, `TERM`), glyphs (`LC_ALL`, `LC_CTYPE`, `LANG`) and whether a terminal gets
   * the live area (not with `CI`, nor with `TERM=dumb`). Default `process.env`.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Adds the console to the renderers of everything the layer is provided to.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ConsoleRenderer, Narrative } from "effect-narrative"
 *
 * const program = Effect.sleep("10 millis").pipe(Narrative.stage("Load CSV"), Narrative.story("Import Customers"))
 *
 * program.pipe(Effect.provide(ConsoleRenderer.layer({ timestamps: true })), Effect.runPromise)
 * // 2025-01-01T12:00:00.000Z ▶ Story started: Import Customers
 * // 2025-01-01T12:00:00.012Z ✔ Stage completed: Load CSV (0.010s)
 * // 2025-01-01T12:00:00.012Z ▶ Story ended: SUCCESS
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: ConsoleRendererOptions): Layer.Layer<never> => Renderer.layerScoped(make(options))

/**
 * The console as a renderer. When the scope closes, the live area is gone for good; lines can still be written.
 *
 * Every option that TypeScript accepts can be used, so it cannot fail; what a program without types passes wrongly makes it
 * die with an `InvalidOption`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: ConsoleRendererOptions): Effect.Effect<Renderer.Renderer, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => unsafeMake(options)),
      ({ close }) => Effect.sync(close)
    ),
    ({ renderer }) => renderer
  )

const unsafeMake = (options: ConsoleRendererOptions = {}) => {
  decode(options)
  const stream: ConsoleStream = options.stream ?? process.stdout
  const theme = Theme.make(stream.isTTY === true, options.env ?? process.env)
  const writer = streamWriter.make(stream)
  const open = new OpenStories(() => performance.now())
  const columns = () => stream.columns || 80
  const lines = new StoryLines(open, {
    timestamps: options.timestamps ?? false,
    ids: options.ids ?? "auto",
    stageStarts: options.stageStarts ?? false,
    logs: options.logs ?? true,
    theme,
    columns: theme.isTerminal ? columns : () => undefined,
    cwd: workingDirectory()
  })

  if (!theme.isLive) {
    const handle = (event: NarrativeEvent) => {
      const text = lines.add(event)
      if (text !== "") writer.write(text)
    }
    return { renderer: Renderer.make("console", handle), close: () => {} }
  }

  const area = new LiveArea({
    stream,
    writer,
    neighbours: neighboursOf(stream),
    columns,
    lines: () => liveLines(open, theme, { columns: columns(), rows: stream.rows || 24 }),
    isNeeded: () => open.hasRunningStages
  })
  const handle = (event: NarrativeEvent) => {
    const text = lines.add(event)
    area.print(text)
    // The next tick ends an area without stages, lest it flicker between two of them. The last story does not wait.
    if (open.byId.size === 0) area.stop()
    if (open.hasRunningStages) area.start()
  }
  return { renderer: Renderer.make("console", handle), close: () => area.close() }
}

const neighboursOf = (stream: ConsoleStream): ReadonlyArray<ConsoleStream> => {
  const { stderr, stdout } = process
  if (stream === stdout) return stderr.isTTY ? [stderr] : []
  return stream === stderr && stdout.isTTY ? [stdout] : []
}

const workingDirectory = (): string => {
  try {
    return process.cwd()
  } catch {
    // It was deleted under us.
    return ""
  }
}

const isStream = (value: unknown): value is ConsoleStream =>
  Predicate.hasProperty(value, "write") && Predicate.isFunction(value.write)

const decode = decodeOrThrow(
  "ConsoleRenderer",
  Schema.Struct({
    timestamps: Schema.optional(flag),
    ids: Schema.optional(Schema.Union(Schema.Boolean, Schema.Literal("auto")).pipe(takes('true, false or "auto"'))),
    stageStarts: Schema.optional(flag),
    logs: Schema.optional(flag),
    stream: Schema.optional(like(isStream, "a stream with a write method"))
  })
)
