/**
 * Stories on the console: a line a stage while all is well, the whole picture when something fails. On a terminal the
 * running stages are shown below, with their progress, until they are done.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Renderer from "../../delivery/Renderer.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import * as streamWriter from "../../file/streamWriter.js"
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
 * - `timestamps`: begin each line with the event's time, in UTC. Default `false`.
 * - `ids`: begin each line with a short id of its root story. Default `"auto"`: only while more than one is running.
 * - `stageStarts`: also a line when a stage starts. Default `false`.
 * - `logs`: show `Effect.log*` inside stories, where `Narrative.logger` makes events of it. Default `true`.
 * - `stream`: where to write. Default `process.stdout`.
 * - `env`: decides colours (`NO_COLOR`, `FORCE_COLOR`, `TERM`), glyphs (`LC_ALL`, `LC_CTYPE`, `LANG`) and whether a
 *   terminal gets the live area (not with `CI`, nor with `TERM=dumb`). Default `process.env`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConsoleRendererOptions {
  readonly timestamps?: boolean | undefined
  readonly ids?: boolean | "auto" | undefined
  readonly stageStarts?: boolean | undefined
  readonly logs?: boolean | undefined
  readonly stream?: ConsoleStream | undefined
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
 * Dies with a `TypeError` that names the option when one cannot be used.
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
  check(options)
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

const check = (options: ConsoleRendererOptions): void => {
  const { ids, stream } = options
  if (stream !== undefined && typeof stream?.write !== "function") {
    throw new TypeError(
      `ConsoleRenderer: the option "stream" needs a stream with a write method, not ${String(stream)}`
    )
  }
  if (ids !== undefined && ids !== "auto" && typeof ids !== "boolean") {
    throw new TypeError(`ConsoleRenderer: the option "ids" is true, false or "auto", not ${String(ids)}`)
  }
  for (const name of ["timestamps", "stageStarts", "logs"] as const) {
    const value = options[name]
    if (value !== undefined && typeof value !== "boolean") {
      throw new TypeError(`ConsoleRenderer: the option "${name}" is true or false, not ${String(value)}`)
    }
  }
}
