/**
 * Stories as pages for a browser: a waterfall of the stages, every failure with its source, values and analysis, the
 * log. A page is one file that needs no network, and can be sent to a colleague as it is.
 *
 * @since 0.1.0
 */
import { resolve } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Renderer from "../../delivery/Renderer.js"
import { environment } from "../../plain/environment.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import {
  alternatives,
  decode as decodeOptions,
  environment as environmentOption,
  flag,
  nonEmptyText,
  takes,
  wholeNumber
} from "../../plain/options.js"
import { waitAtMost } from "../../runtime/deadline.js"
import { logWarning } from "../../runtime/logWarning.js"
import { withoutNarration } from "../../runtime/muting.js"
import * as browser from "./browser.js"
import { OpenPages } from "./openPages.js"
import * as pagePath from "./pagePath.js"
import * as pageStore from "./pageStore.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface HtmlReportSettings {
  /** The page's title, instead of the story's name. */
  readonly title?: string | undefined
  /**
   * Most stories in the one file, or in the folder; older ones are left out (1 or more, default 50 in a file, 200 in a
   * folder).
   */
  readonly keep?: number | undefined
  /** Shows the first page that is written, unless `CI` is set or there is no display (default `false`). */
  readonly openBrowser?: boolean | undefined
  /** Where `CI`, `DISPLAY`, `WAYLAND_DISPLAY` and `PATH` are read (default `process.env`). */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Where the reports are written.
 *
 * - `path`: one file for all stories of the process, e.g. `report.html`; or, with placeholders, a file for each:
 *   `reports/{story_name}.html` holds the last story of each name. There are `{story_name}`, `{story_id}` and
 *   `{started}`.
 * - `directory`: a file for each story, named by time, and an `index.html` that leads to them, those of earlier runs
 *   included. Its oldest pages are removed, see `keep`.
 *
 * Folders are created. Relative paths count from the working directory.
 *
 * @since 0.1.0
 * @category models
 */
export type HtmlReportOptions = HtmlReportSettings &
  (
    | { readonly path: string; readonly directory?: undefined }
    | { readonly directory: string; readonly path?: undefined }
  )

/**
 * Writes each root story, with its sub-stories, when it ends; again when an analysis comes later; and what is still
 * running when the layer closes. Stages never wait for it. Of a story with very many stages the first and the last ones
 * are shown, and those that failed.
 *
 * A page that cannot be written is a warning, and tried again with the next one; the program goes on.
 *
 * @example
 * ```ts
 * import * as NodeContext from "@effect/platform-node/NodeContext"
 * import { Effect, Layer } from "effect"
 * import { HtmlReportRenderer, Narrative } from "effect-narrative"
 *
 * const program = Effect.sleep("10 millis").pipe(Narrative.stage("Load CSV"), Narrative.story("Import Customers"))
 *
 * const Reports = HtmlReportRenderer.layer({ path: "reports/import.html" }).pipe(Layer.provide(NodeContext.layer))
 *
 * program.pipe(Effect.provide(Reports), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: HtmlReportOptions): Layer.Layer<never, InvalidOption, FileSystem.FileSystem> =>
  Renderer.layerScoped(make(options))

/**
 * The same as a renderer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: HtmlReportOptions
): Effect.Effect<Renderer.Renderer, InvalidOption, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    yield* decode(options)
    const fs = yield* FileSystem.FileSystem
    const store = storeOf(fs, options)
    const pages = new OpenPages()
    let isShown = options.openBrowser !== true
    const write = (all: boolean) =>
      Effect.gen(function* () {
        const due = pages.due(all)
        if (due.length === 0) return
        const path = yield* Effect.tapErrorCause(store.put(due, yield* Clock.currentTimeMillis), () =>
          Effect.sync(() => pages.unwritten())
        )
        pages.written(due, all)
        if (isShown) return
        isShown = true
        yield* browser.open(path, options.env ?? environment)
      })
    // Added first, and so run last: when the queue has been emptied.
    yield* Effect.addFinalizer(() =>
      withoutNarration(
        Effect.zipRight(
          waitAtMost(Effect.exit(write(true)), Duration.decode(shutdownTimeout)),
          // What had ended and could not be written was logged then.
          Effect.suspend(() =>
            pages.hasRunning ? logWarning(`What was still running is not in ${placeOf(options)}`) : Effect.void
          )
        )
      )
    )
    return yield* Renderer.batched("html", {
      size: 1_024,
      within: "50 millis",
      capacity: 16_384,
      shutdownTimeout,
      handle: (events) =>
        Effect.suspend(() => {
          for (const event of events) pages.take(event)
          return write(false)
        })
    })
  })

const shutdownTimeout = "5 seconds"

const placeOf = (options: HtmlReportOptions): string => options.path ?? options.directory

// Resolved once: a program may change its folder while it runs.
const storeOf = (fs: FileSystem.FileSystem, options: HtmlReportOptions): pageStore.PageStore => {
  const title = options.title ?? null
  if (options.directory !== undefined) {
    return pageStore.folder(fs, resolve(options.directory), { title, keep: options.keep ?? 200 })
  }
  return pagePath.isTemplate(options.path)
    ? pageStore.fileEach(fs, resolve(options.path), { title })
    : pageStore.oneFile(fs, resolve(options.path), { title, keep: options.keep ?? 50 })
}

const Place = nonEmptyText.pipe(takes("a path: a text that is not empty"))

const Options = Schema.Struct({
  path: Schema.optional(Place),
  directory: Schema.optional(Place),
  title: Schema.optional(Schema.String.pipe(takes("a text"))),
  keep: Schema.optional(wholeNumber(1)),
  openBrowser: Schema.optional(flag),
  env: Schema.optional(environmentOption)
}).pipe(
  Schema.filter(({ directory, keep, path }) => {
    if ((path === undefined) === (directory === undefined)) return 'either "path" or "directory"'
    if (path === undefined) return undefined
    if (pagePath.unknownPlaceholders(path).length > 0) {
      return { path: ["path"], message: `a path whose placeholders are ${alternatives(pagePath.placeholders)}` }
    }
    return keep !== undefined && pagePath.isTemplate(path)
      ? { path: ["keep"], message: 'no value where "path" has placeholders, which make a file for each story' }
      : undefined
  })
)

const decode = decodeOptions("HtmlReportRenderer", Options)
