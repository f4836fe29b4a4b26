/**
 * Stories on the console: a line a stage while all is well, the whole picture when something fails. On a terminal the
 * running stages are shown below, with their progress, until they are done.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Renderer from "../../delivery/Renderer.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import * as streamWriter from "../../file/streamWriter.js"
import { environment } from "../../plain/environment.js"
import { decodeOrThrow, environment as environmentOption, flag, streamOf, takes } from "../../plain/options.js"
import { attempt } from "../../plain/untrusted.js"
import { LiveArea } from "./liveArea.js"
import { liveLines } from "./liveView.js"
import { ShownStories } from "./shownStories.js"
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
  /**
   * Begins each line with a short id of its story, by which the `narrative` command finds it. Default `"auto"`: where a
   * line could belong to several stories, and from then on for those.
   */
  readonly ids?: boolean | "auto" | undefined
  /**
   * Also writes a line when a stage starts. Default `"auto"`: where no live area shows it, for a stage that something
   * else is shown in or after before it ends, so that lines are in the order of starting.
   */
  readonly stageStarts?: boolean | "auto" | undefined
  /** Also shows who asked for a story, below its start: see `Correlation` (default `false`). */
  readonly verbose?: boolean | undefined
  /** Shows `Effect.log*` inside stories, where `Narrative.logger` makes events of it (default `true`). */
  readonly logs?: boolean | undefined
  /**
   * Shows the running stages at the bottom of a terminal. Set it to `false` where something else writes to the same
   * terminal past this process, such as a child process with `stdio: "inherit"`: the area would be drawn over its lines.
   * Default: on a terminal, but not with `CI`, nor with `TERM=dumb`.
   */
  readonly live?: boolean | undefined
  /** Where to write (default `process.stdout`). */
  readonly stream?: ConsoleStream | undefined
  /**
   * Decides colours (`NO_COLOR`, `FORCE_COLOR`, `TERM`), glyphs (`LC_ALL`, `LC_CTYPE`, `LANG`) and whether a terminal gets
   * the live area. Default `process.env`.
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
 * // 2025-01-01T12:00:00.012Z ▶ Story ended: SUCCESS - Import Customers (0.010s)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: ConsoleRendererOptions): Layer.Layer<never> => Renderer.layerScoped(make(options))

/**
 * The console as a renderer. When the scope closes, what was held back is written and the live area is gone for good;
 * lines can still be written.
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

/** How long the end of a failed stage waits for the failure's report, which says more of it. */
const heldMillis = 250

const unsafeMake = (options: ConsoleRendererOptions = {}) => {
  decode(options)
  const stream: ConsoleStream = options.stream ?? process.stdout
  const theme = Theme.make(stream.isTTY === true, options.env ?? environment)
  const isLive = theme.isLive && options.live !== false
  const writer = streamWriter.make(stream)
  const shown = new ShownStories(() => performance.now())
  const columns = () => stream.columns || 80
  const lines = new StoryLines(shown, {
    timestamps: options.timestamps ?? false,
    ids: options.ids ?? "auto",
    isPartial: false,
    stageStarts:
      options.stageStarts === undefined || options.stageStarts === "auto" ? !isLive && "auto" : options.stageStarts,
    verbose: options.verbose ?? false,
    logs: options.logs ?? true,
    theme,
    columns: theme.isTerminal ? columns : () => undefined,
    cwd: workingDirectory()
  })
  const area = isLive
    ? new LiveArea({
        stream,
        writer,
        neighbours: neighboursOf(stream),
        columns,
        lines: () => liveLines(shown, theme, { columns: columns(), rows: stream.rows || 24 }),
        isNeeded: () => shown.hasRunningStages
      })
    : undefined
  const print = (text: string) => {
    if (area !== undefined) area.print(text)
    else if (text !== "") writer.write(text)
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  const release = () => {
    timer = undefined
    // No event that could be said to have failed, and no program to be warned.
    attempt(() => print(lines.release()), undefined)
  }
  const handle = (event: NarrativeEvent) => {
    print(lines.add(event))
    if (lines.isHolding) {
      timer ??= setTimeout(release, heldMillis)
      timer.unref?.()
    }
    // The next tick ends an area without stages, lest it flicker between two of them. The last story does not wait.
    if (shown.size === 0) area?.stop()
    if (shown.hasRunningStages) area?.start()
  }
  const close = () => {
    clearTimeout(timer)
    release()
    area?.close()
  }
  return { renderer: Renderer.make("console", handle), close }
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

const flagOrAuto = Schema.Union(Schema.Boolean, Schema.Literal("auto")).pipe(takes('true, false or "auto"'))

const decode = decodeOrThrow(
  "ConsoleRenderer",
  Schema.Struct({
    timestamps: Schema.optional(flag),
    ids: Schema.optional(flagOrAuto),
    stageStarts: Schema.optional(flagOrAuto),
    verbose: Schema.optional(flag),
    logs: Schema.optional(flag),
    live: Schema.optional(flag),
    stream: Schema.optional(streamOf<ConsoleStream>()),
    env: Schema.optional(environmentOption)
  })
)
